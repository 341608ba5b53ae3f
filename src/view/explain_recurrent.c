/* Recurrent networks: gates, cells and states of one layer. */
#include "view/explain_build.h"

#include <string.h>

/* Gate number `gate` of `gates`, all side by side in one tensor. */
static void add_gate(heed__explaining *x, const heed_tensor *all, int gates, int gate, const char *name,
		     const char *title, const heed__explain_side *rows)
{
	const int units = all->dim[1] / gates;

	if (all->dim[0] == rows->count)
		heed__explain_vectors(x, name, title, rows, all->data, all->dim[1], gate * units, units);
}

static void add_lstm(heed__explaining *x, const char *name, const heed_tensor *gates,
		     const heed__explain_side *rows)
{
	heed__explain_step(
		x, heed__explain_say(x, "%s.gates", name),
		heed__explain_say(x, "Gates of %s at every token", name),
		"i = sigmoid(W_i x + U_i h' + b_i)   f = sigmoid(W_f x + U_f h' + b_f)\n"
		"g = tanh(W_g x + U_g h' + b_g)      o = sigmoid(W_o x + U_o h' + b_o)",
		"From a token and the state h' before it come three gates between 0 and 1 and what "
		"there is to remember, g.");
	add_gate(x, gates, 4, 0, "i", "i, input gate: how much of g is taken in", rows);
	add_gate(x, gates, 4, 1, "f", "f, forget gate: how much of the cell is kept", rows);
	add_gate(x, gates, 4, 2, "g", "g, what there is to remember", rows);
	add_gate(x, gates, 4, 3, "o", "o, output gate: how much of the cell is shown", rows);
	heed__explain_step(x, heed__explain_say(x, "%s.cells", name),
			   heed__explain_say(x, "Cells of %s after every token", name), "c = f c' + i g",
			   "The cell keeps a part of what it held, c', and takes in a part of what is new.");
	heed__explain_tensor(x, heed__explain_say(x, "%s.cells", name), "c", "c, cell", rows);
}

static void add_gru(heed__explaining *x, const char *name, const heed_tensor *gates,
		    const heed__explain_side *rows)
{
	heed__explain_step(x, heed__explain_say(x, "%s.gates", name),
			   heed__explain_say(x, "Gates of %s at every token", name),
			   "r = sigmoid(W_r x + U_r h' + b_r)   z = sigmoid(W_z x + U_z h' + b_z)\n"
			   "n = tanh(W_n x + r (U_n h' + b) + b_n)",
			   "From a token and the state h' before it come two gates between 0 and 1 and a new "
			   "state, n.");
	add_gate(x, gates, 3, 0, "r", "r, reset gate: how much of h' the new state sees", rows);
	add_gate(x, gates, 3, 1, "z", "z, update gate: how much of h' is kept", rows);
	add_gate(x, gates, 3, 2, "n", "n, new state", rows);
}

static void add_states(heed__explaining *x, const char *name, const char *formula,
		       const heed__explain_side *rows)
{
	heed__explain_step(x, name, heed__explain_say(x, "States of %s after every token", name), formula,
			   "The state is all that the network hands on to the next token, and what the layer "
			   "above reads.");
	heed__explain_tensor(x, name, "h", "h, state", rows);
}

/* One direction. Tensors that the pass did not name are left out. */
static void explain_direction(heed__explaining *x, const char *name, const heed__explain_side *rows)
{
	const char *const cell = heed__explain_choice(x, "cell");
	const char *const gates_name = heed__explain_say(x, "%s.gates", name);
	const char *const cells_name = heed__explain_say(x, "%s.cells", name);
	const heed_tensor *gates;
	const char *formula = "h = tanh(W x + U h' + b)";

	if (gates_name == NULL || cells_name == NULL || heed_tape_find(x->tape, name) == NULL)
		return;
	gates = heed_tape_find(x->tape, gates_name);
	if (gates != NULL && heed_tape_find(x->tape, cells_name) != NULL) {
		add_lstm(x, name, gates, rows);
		formula = heed_tape_find(x->tape, name)->dim[1] < gates->dim[1] / 4 ? "h = P (o tanh(c))"
										    : "h = o tanh(c)";
	} else if (gates != NULL) {
		add_gru(x, name, gates, rows);
		formula = "h = (1 - z) n + z h'";
	} else if (strcmp(cell, "relu") == 0) {
		formula = "h = relu(W x + U h' + b)";
	}
	add_states(x, name, formula, rows);
}

/* The state that a decoder begins with: of a translator without attention, all that it knows of the source. */
static void add_start(heed__explaining *x, const char *layer)
{
	static const char *const labels[] = {"start"};
	const heed__explain_side one = {.labels = labels, .count = 1};
	const char *const name = heed__explain_say(x, "%s.start", layer);
	const bool bridged = heed_params_find(x->model->params, "bridge0.h.weight") != NULL;

	if (name == NULL || heed_tape_find(x->tape, name) == NULL)
		return;
	heed__explain_step(
		x, name, heed__explain_say(x, "What %s begins with", layer),
		bridged ? "h = tanh(W h_end + b)" : "h = h_end",
		heed_tape_find(x->tape, "contexts") != NULL
			? "The decoder begins with one vector, made of the last states of the encoder."
			: "One vector, made of the last states of the encoder: the decoder knows "
			  "nothing else of the source.");
	heed__explain_tensor(x, name, "h", "h, state", &one);
}

void heed__explain_recurrent_layer(heed__explaining *x, const char *layer, const heed__explain_side *rows)
{
	const char *const back = heed__explain_say(x, "%s.back", layer);

	add_start(x, layer);
	heed__explain_cross(x, layer, rows);
	explain_direction(x, layer, rows);
	if (back != NULL)
		explain_direction(x, back, rows);
}

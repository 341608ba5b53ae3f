/* Whole products: which blocks there are and in what order, on all threads. The arithmetic is in the kernel
 * tables. B is packed into panels first; then blocks of C are claimed. A that is read along its rows is
 * broadcast from where it stands; a transposed A is first copied, block by block, since its columns lie
 * too far apart for the caches. */
#include "kernel/kernel.h"

enum {
	BLOCK_ROWS =
		96, /* rows of C done at a time: with BLOCK_DEPTH columns of A they stay in the L2 cache */
	BLOCK_DEPTH = 256,     /* rows of a panel done at a time, so that it stays close to the L1 cache */
	PACK_FLOATS = 1 << 14, /* packed by one chunk */
	ENOUGH_CHUNKS = 8,
	LEAST_ROWS = 48,      /* of a transposed A */
	LEAST_WORK = 1 << 18, /* multiplications that are worth a chunk of their own */
};

typedef struct plan {
	const struct heed__kernels *kernels;
	const heed__gemm *g;
	heed_ctx *ctx;
	float *panels;       /* where B is packed to, or NULL when it comes packed */
	const float *packed; /* the packed B */
	int panel_count;
	int pack_panels;              /* panels packed by a chunk */
	int chunk_rows, chunk_panels; /* the part of C that is a chunk */
	int row_chunks, panel_chunks;
} plan;

static int ceil_div(int a, int b)
{
	return (a + b - 1) / b;
}

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

static size_t panel_floats(const struct heed__kernels *kernels, int k)
{
	return (size_t)kernels->panel * (size_t)k;
}

/* Room for the copy of A of the largest block. */
static size_t copy_floats(const struct heed__kernels *kernels)
{
	const size_t tile = (size_t)kernels->tile_rows, tiles = (BLOCK_ROWS + tile - 1) / tile;

	return tiles * (tile * BLOCK_DEPTH + (size_t)kernels->vector);
}

static void pack_chunk(void *arg, int chunk, int thread)
{
	const plan *p = arg;
	const int first = chunk * p->pack_panels, last = min_int(first + p->pack_panels, p->panel_count);

	(void)thread;
	for (int i = first; i < last; i++)
		p->kernels->gemm_pack_panel(p->g, i * p->kernels->panel,
					    p->panels + (size_t)i * panel_floats(p->kernels, p->g->k));
}

static void pack(heed_ctx *ctx, plan *p)
{
	const size_t floats = panel_floats(p->kernels, p->g->k);

	p->pack_panels = floats < PACK_FLOATS ? (int)(PACK_FLOATS / (floats + 1)) + 1 : 1;
	heed__parallel(ctx, ceil_div(p->panel_count, p->pack_panels), pack_chunk, p);
}

static bool copies_a(const heed__gemm *g)
{
	return g->a_col != 1 && g->m > 1;
}

/* Cuts C into chunks: as large as the caches like, but if that gives few, the longer side is halved until
 * there are some for several threads or they become too small to be worth it. Where A is copied the columns are
 * cut last, since each cut copies A once more. The cut depends on the shape alone. */
static void cut(plan *p)
{
	const heed__gemm *g = p->g;
	const int tile = p->kernels->tile_rows, panel = p->kernels->panel;
	const int blocks = ceil_div(g->m, BLOCK_ROWS), least_rows = copies_a(g) ? LEAST_ROWS : tile;

	p->chunk_rows = ceil_div(ceil_div(g->m, blocks), tile) * tile;
	p->chunk_panels = p->panel_count;
	for (;;) {
		const int64_t work = (int64_t)p->chunk_rows * p->chunk_panels * panel * g->k;

		p->row_chunks = ceil_div(g->m, p->chunk_rows);
		p->panel_chunks = ceil_div(p->panel_count, p->chunk_panels);
		if (p->row_chunks * p->panel_chunks >= ENOUGH_CHUNKS || work < 2 * LEAST_WORK)
			return;
		if (p->chunk_panels > 1 && (p->chunk_rows <= least_rows ||
					    (!copies_a(g) && p->chunk_panels * panel >= p->chunk_rows)))
			p->chunk_panels = ceil_div(p->chunk_panels, 2);
		else if (p->chunk_rows > least_rows)
			p->chunk_rows = ceil_div(ceil_div(p->chunk_rows, 2), tile) * tile;
		else
			return;
	}
}

/* Where the A of a block is: in place, or in a copy with short strides. */
static void place_a(const plan *p, heed__gemm_block *b, int thread)
{
	const heed__gemm *g = p->g;
	const int tile = p->kernels->tile_rows;

	b->a = g->a + b->row0 * g->a_row + b->l0 * g->a_col;
	b->a_tile = tile * g->a_row;
	b->a_row = g->a_row;
	b->a_col = g->a_col;
	if (copies_a(g)) {
		float *copy = heed__scratch_thread(p->ctx, thread);

		p->kernels->gemm_copy_rows(b, copy);
		b->a = copy;
		b->a_tile = (ptrdiff_t)tile * (b->l1 - b->l0) + p->kernels->vector;
		b->a_row = 1;
		b->a_col = tile;
	}
}

/* Row l of packed panel i. */
static const float *panel_part(const plan *p, int i, int l)
{
	return p->packed + (size_t)i * panel_floats(p->kernels, p->g->k) + panel_floats(p->kernels, l);
}

static void block_chunk(void *arg, int chunk, int thread)
{
	const plan *p = arg;
	const heed__gemm *g = p->g;
	const int panel = p->kernels->panel;
	const int first = chunk % p->panel_chunks * p->chunk_panels;
	const int last = min_int(first + p->chunk_panels, p->panel_count);
	heed__gemm_block b = {.g = g};

	b.row0 = chunk / p->panel_chunks * p->chunk_rows;
	b.row1 = min_int(b.row0 + p->chunk_rows, g->m);
	do { /* once even when k is 0 */
		b.l1 = min_int(b.l0 + BLOCK_DEPTH, g->k);
		place_a(p, &b, thread);
		for (int i = first; i < last; i++) {
			b.column = i * panel;
			b.panel = panel_part(p, i, b.l0);
			b.next = i + 1 < last ? panel_part(p, i + 1, b.l0) : NULL;
			p->kernels->gemm_block(&b);
		}
		b.l0 = b.l1;
	} while (b.l0 < g->k);
}

size_t heed__gemm_packed_size(const heed_ctx *ctx, int k, int n)
{
	const struct heed__kernels *kernels = heed__ctx_kernels(ctx);

	return panel_floats(kernels, k) * (size_t)ceil_div(n, kernels->panel);
}

static plan make_plan(heed_ctx *ctx, const heed__gemm *g)
{
	const struct heed__kernels *kernels = heed__ctx_kernels(ctx);

	return (plan){
		.kernels = kernels,
		.g = g,
		.ctx = ctx,
		.packed = g->packed,
		.panel_count = ceil_div(g->n, kernels->panel),
	};
}

void heed__gemm_pack(heed_ctx *ctx, const heed__gemm *g, float *packed)
{
	plan p = make_plan(ctx, g);

	p.panels = packed;
	pack(ctx, &p);
}

heed_code heed__gemm_run(heed_ctx *ctx, const heed__gemm *g)
{
	plan p = make_plan(ctx, g);

	if (g->m == 0 || g->n == 0)
		return HEED_OK;
	if (!g->packed) {
		p.panels = heed__scratch_shared(ctx, (heed__gemm_packed_size(ctx, g->k, g->n) + 1) *
							     sizeof(float));
		if (!p.panels)
			return HEED_E_MEMORY;
	}
	if (copies_a(g) && !heed__scratch_reserve(ctx, copy_floats(p.kernels) * sizeof(float)))
		return HEED_E_MEMORY;
	if (!g->packed) {
		pack(ctx, &p);
		p.packed = p.panels;
	}
	cut(&p);
	heed__parallel(ctx, p.row_chunks * p.panel_chunks, block_chunk, &p);
	return HEED_OK;
}

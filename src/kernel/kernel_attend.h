/* The attention of a vector set; a part of kernel_vector.h.
 *
 * A block of up to PANEL queries is done against blocks of up to DEPTH keys. Scores are kept transposed, a row
 * a key and a lane a query, so that the softmax runs along rows of registers, needs no sums over lanes, and
 * the queries are transposed once for all keys:
 *
 *	p[j][i] = k_j . (scale q_i)          then exp(p - max_i), dropout
 *	out_i   = sum_j p[j][i] v_j          rescaled when a later block has a greater maximum
 *
 * Calls with one or two queries (a step of decoding) and those that gather go row by row instead. */

enum { WIDTH = 128 }; /* columns of the queries that are transposed at a time */

/* How many keys query i sees. */
INLINE int visible(const heed__attend *a, int i)
{
	const int n = a->causal ? i + 1 + a->keys - a->queries : a->keys;

	return n > 0 ? n : 0;
}

/* One block of queries and its buffers. */
typedef struct queries {
	const heed__attend *a;
	int first, count, vecs; /* vecs registers hold a lane for each query */
	float factors[DEPTH * PANEL];
} queries;

/* Asks for rows that will be needed soon: heads lie side by side in wide rows, which no processor foresees. */
static void prefetch_rows(int rows, int width, const float *x, ptrdiff_t x_row)
{
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < width; j += 16)
			__builtin_prefetch(x + i * x_row + j, 1);
}

/* to[j][i] = x_j . factor y_i for a block of rows x (keys or values) and the rows y of the queries of b (q or
 * dout). `y` is transposed into yt when yt is not `ready`. */
static void inner_products(const queries *b, int rows, const float *x, ptrdiff_t x_row, const float *y,
			   ptrdiff_t y_row, float factor, float *yt, bool ready, float *to)
{
	const int width = b->a->width;

	for (int w = 0; w < width; w += WIDTH) {
		const int part = width - w < WIDTH ? width - w : WIDTH;
		const tile t = {.k = part,
				.a = x + w,
				.a_row = x_row,
				.a_col = 1,
				.b = yt,
				.b_row = PANEL,
				.init = w > 0 ? to : zeros,
				.init_row = w > 0 ? PANEL : 0,
				.c = to,
				.c_row = PANEL};

		if (!ready || width > WIDTH)
			transpose(b->count, part, y + b->first * y_row + w, y_row, factor, yt, PANEL);
		product(rows, b->vecs * VN, &t);
	}
}

/* Puts -inf where query i doesn't see key j, for keys [key, key+keys). */
static void hide(const queries *b, int key, int keys, float *p)
{
	const int seen = visible(b->a, b->first); /* by the first query; each next one sees one more */
	VU lane[2];

	if (!b->a->causal)
		return;
	memcpy(lane, lane_numbers, sizeof lane);
	for (int j = key + keys > seen ? (seen > key ? seen - key : 0) : keys; j < keys; j++) {
		/* Query first + i sees key + j when i + offset > key + j. */
		const int offset = b->first + 1 + b->a->keys - b->a->queries;
		const VU least = vset_u((uint32_t)(key + j - offset + 1 > 0 ? key + j - offset + 1 : 0));

		for (int s = 0; s < b->vecs; s++) {
			float *pj = p + j * PANEL + s * VN;

			vstore(pj, choose((VU)(lane[s] >= least), vload(pj), vset(-INFINITY)));
		}
	}
}

/* What dropout multiplies the weights of keys [key, key+keys) by, at b->factors[j][i]; key % 8 == 0. */
static void draw_factors(queries *b, int key, int keys)
{
	const heed__attend *a = b->a;
	const uint32_t threshold = heed__mask_threshold(&a->mask);
	const float factor = heed__mask_scale(threshold);

	for (int s = 0; s < b->vecs; s++) {
		uint32_t low[VN], high[VN];
		VU low_v, high_v, words[4];

		for (int i = 0; i < VN; i++) {
			const uint64_t query = (uint64_t)b->first + (uint64_t)s * VN + (uint64_t)i;
			const uint64_t block =
				(a->mask_first + query * (uint64_t)a->mask_row + (uint64_t)key) / 8;

			low[i] = (uint32_t)block;
			high[i] = (uint32_t)(block >> 32);
		}
		memcpy(&low_v, low, sizeof low);
		memcpy(&high_v, high, sizeof high);
		for (int j = 0; j < keys; j += 8) {
			float *to = b->factors + j * PANEL + s * VN;

			random_words(&a->mask, low_v, high_v, words);
			for (int w = 0; w < 4; w++, to += 2 * PANEL) {
				vstore(to, mask_factor(words[w] & 0xffffu, threshold, factor));
				vstore(to + PANEL, mask_factor(words[w] >> 16, threshold, factor));
			}
			add_wide(&low_v, &high_v, vset_u(1));
		}
	}
}

/* Scores as they are, into the rows of a->weights; finish_weights makes weights of them. */
static void save_scores(const queries *b, int key, int keys, const float *p)
{
	for (int i = 0; i < b->count; i++)
		for (int j = 0; j < keys; j++)
			b->a->weights[(ptrdiff_t)(b->first + i) * b->a->keys + key + j] = p[j * PANEL + i];
}

static void finish_weights(const heed__attend *a, int i, int keys, float lse)
{
	float *row = a->weights + (ptrdiff_t)i * a->keys;

	if (lse == -INFINITY)
		keys = 0;
	exp_row(keys, row, lse, row);
	memset(row + keys, 0, (size_t)(a->keys - keys) * sizeof *row);
}

/* One step of the online softmax for one register of queries: p becomes exp(p - max), max and sum move on;
 * returns what the sums of earlier blocks have to be multiplied by. */
INLINE VF softmax_step(int keys, float *p, VF *max, VF *sum)
{
	VF m = *max, total = vzero(), base, again;

	for (int j = 0; j < keys; j++)
		m = vmax(m, vload(p + j * PANEL));
	base = choose((VU)(m == -INFINITY), vzero(), m); /* a query that sees nothing yet */
	for (int j = 0; j < keys; j++) {
		const VF e = vexp(vload(p + j * PANEL) - base);

		vstore(p + j * PANEL, e);
		total += e;
	}
	again = vexp(*max - base);
	*sum = vfma(*sum, again, total);
	*max = m;
	return again;
}

static void scale_rows(const queries *b, const float *factors)
{
	const heed__attend *a = b->a;

	for (int i = 0; i < b->count; i++) {
		float *out = a->out + (b->first + i) * a->out_row;

		if (factors[i] != 1.0f)
			scale((size_t)a->width, factors[i], out, out);
	}
}

/* out = (or, after the first block, +=) p^T v */
static void add_values(const queries *b, int key, int keys, const float *p)
{
	const heed__attend *a = b->a;
	float *out = a->out + b->first * a->out_row;
	const tile t = {.k = keys,
			.a = p,
			.a_row = 1,
			.a_col = PANEL,
			.b = a->v + key * a->v_row,
			.b_row = a->v_row,
			.init = key > 0 ? out : zeros,
			.init_row = key > 0 ? a->out_row : 0,
			.c = out,
			.c_row = a->out_row};

	product(b->count, a->width, &t);
}

/* p *= factors */
static void apply_factors(const queries *b, int keys, float *p)
{
	for (int j = 0; j < keys; j++)
		for (int s = 0; s < b->vecs; s++) {
			float *pj = p + j * PANEL + s * VN;

			vstore(pj, vload(pj) * vload(b->factors + j * PANEL + s * VN));
		}
}

static void finish_queries(const queries *b, const VF *max, const VF *sum, int keys)
{
	const heed__attend *a = b->a;
	float inverse[PANEL], lse[PANEL];

	for (int s = 0; s < b->vecs; s++) {
		vstore(inverse + s * VN, 1.0f / choose((VU)(sum[s] > 0.0f), sum[s], vset(1.0f)));
		vstore(lse + s * VN, max[s] + vlog(sum[s]));
	}
	scale_rows(b, inverse);
	for (int i = 0; i < b->count; i++) {
		if (a->lse)
			a->lse[(b->first + i) * a->lse_row] = lse[i];
		if (a->weights)
			finish_weights(a, b->first + i, keys, lse[i]);
	}
}

static void attend_queries(const heed__attend *a, int first, int count)
{
	queries b;
	float qt[WIDTH * PANEL], p[DEPTH * PANEL], again[PANEL];
	VF max[2] = {vset(-INFINITY), vset(-INFINITY)}, sum[2] = {vzero(), vzero()};
	const int keys = visible(a, first + count - 1);

	b.a = a;
	b.first = first;
	b.count = count;
	b.vecs = count > VN ? 2 : 1;
	for (int i = 0; keys == 0 && i < count; i++)
		memset(a->out + (first + i) * a->out_row, 0, (size_t)a->width * sizeof *a->out);
	for (int key = 0; key < keys; key += DEPTH) {
		const int part = keys - key < DEPTH ? keys - key : DEPTH;

		prefetch_rows(part, a->width, a->k + key * a->k_row, a->k_row);
		prefetch_rows(part, a->width, a->v + key * a->v_row, a->v_row);
		inner_products(&b, part, a->k + key * a->k_row, a->k_row, a->q, a->q_row, a->scale, qt,
			       key > 0, p);
		hide(&b, key, part, p);
		if (a->weights)
			save_scores(&b, key, part, p);
		for (int s = 0; s < b.vecs; s++)
			vstore(again + s * VN, softmax_step(part, p + s * VN, &max[s], &sum[s]));
		if (a->mask.p > 0.0f) {
			draw_factors(&b, key, part);
			apply_factors(&b, part, p);
		}
		if (key > 0)
			scale_rows(&b, again);
		add_values(&b, key, part, p);
	}
	finish_queries(&b, max, sum, keys);
}

INLINE const float *key_row(const heed__attend *a, const float *base, ptrdiff_t row, int j)
{
	return base + (a->gather ? a->gather[j] : j) * row;
}

/* out = again out + sum_j p_j v_j; again 0: out isn't read. */
static void add_value_rows(const heed__attend *a, int key, int keys, const float *p, float again, float *out)
{
	const size_t width = (size_t)a->width;
	size_t w = 0;

	for (; w + 4 * VN <= width; w += 4 * VN) {
		VF sum[4];

		for (size_t s = 0; s < 4; s++)
			sum[s] = again != 0.0f ? again * vload(out + w + s * VN) : vzero();
		for (int j = 0; j < keys; j++) {
			const float *v = key_row(a, a->v, a->v_row, key + j) + w;

			for (size_t s = 0; s < 4; s++)
				sum[s] = vfma(vset(p[j]), vload(v + s * VN), sum[s]);
		}
		for (size_t s = 0; s < 4; s++)
			vstore(out + w + s * VN, sum[s]);
	}
	for (; w < width; w += VN) {
		VF sum = again != 0.0f ? again * load(out + w, width - w) : vzero();

		for (int j = 0; j < keys; j++)
			sum = vfma(vset(p[j]), load(key_row(a, a->v, a->v_row, key + j) + w, width - w), sum);
		store(out + w, sum, width - w);
	}
}

static void attend_row(const heed__attend *a, int i)
{
	const int keys = visible(a, i);
	float p[DEPTH], max = -INFINITY, sum = 0.0f, *out = a->out + i * a->out_row, lse;

	if (keys == 0)
		memset(out, 0, (size_t)a->width * sizeof *out);
	for (int key = 0; key < keys; key += DEPTH) {
		const int part = keys - key < DEPTH ? keys - key : DEPTH;
		const uint64_t element = a->mask_first + (uint64_t)i * (uint64_t)a->mask_row + (uint64_t)key;
		float greatest, again;

		for (int j = 0; j < part; j++)
			p[j] = a->scale * dot((size_t)a->width, a->q + i * a->q_row,
					      key_row(a, a->k, a->k_row, key + j));
		if (a->weights)
			memcpy(a->weights + (ptrdiff_t)i * a->keys + key, p, (size_t)part * sizeof *p);
		greatest = maximum(part, p);
		greatest = greatest > max ? greatest : max;
		again = key > 0 ? expf(max - greatest) : 0.0f;
		sum = sum * again + exp_row(part, p, greatest, p);
		max = greatest;
		if (a->mask.p > 0.0f)
			dropout((size_t)part, p, p, &a->mask, element);
		add_value_rows(a, key, part, p, again, out);
	}
	if (keys > 0)
		scale((size_t)a->width, 1.0f / sum, out, out);
	lse = max + logf(sum);
	if (a->lse)
		a->lse[i * a->lse_row] = lse;
	if (a->weights)
		finish_weights(a, i, keys, lse);
}

static void attend(const heed__attend *a)
{
	if (a->queries <= 2 || a->gather)
		for (int i = 0; i < a->queries; i++)
			attend_row(a, i);
	else
		for (int i = 0; i < a->queries; i += PANEL)
			attend_queries(a, i, a->queries - i < PANEL ? a->queries - i : PANEL);
}

/* Gradients. With f the dropout factors (formulas at attend_grad in kernel_plain.c), for a block:
 *
 *	p[j][i]  = exp(k_j . (scale q_i) - lse_i)
 *	dp[j][i] = v_j . dout_i
 *	ds[j][i] = scale p (f dp - mean_i), mean_i = dout_i . out_i         in the place of dp
 *	dv_j += sum_i (f p)[j][i] dout_i,   dk_j += sum_i ds[j][i] q_i,   dq_i += sum_j ds[j][i] k_j */

static void score_gradients(const queries *b, int keys, const float *lse, const float *mean, float *p,
			    float *dp)
{
	const bool dropped = b->a->mask.p > 0.0f;
	const float factor = b->a->scale;

	for (int s = 0; s < b->vecs; s++) {
		const VF lse_s = vload(lse + s * VN), mean_s = vload(mean + s * VN);

		for (int j = 0; j < keys; j++) {
			const int at = j * PANEL + s * VN;
			const VF f = dropped ? vload(b->factors + at) : vset(1.0f);
			const VF w = vexp(vload(p + at) - lse_s);

			vstore(p + at, f * w);
			vstore(dp + at, factor * w * vfma(f, vload(dp + at), -mean_s));
		}
	}
}

/* c += a b */
static void add_product(int rows, int k, int cols, const float *a, ptrdiff_t a_row, ptrdiff_t a_col,
			const float *b, ptrdiff_t b_row, float *c, ptrdiff_t c_row)
{
	const tile t = {.k = k,
			.a = a,
			.a_row = a_row,
			.a_col = a_col,
			.b = b,
			.b_row = b_row,
			.init = c,
			.init_row = c_row,
			.c = c,
			.c_row = c_row};

	product(rows, cols, &t);
}

static void grad_queries(const heed__attend *a, const heed__attend_grad *g, int first, int count)
{
	queries b;
	float qt[WIDTH * PANEL], dt[WIDTH * PANEL], p[DEPTH * PANEL], dp[DEPTH * PANEL];
	float lse[PANEL] = {0.0f}, mean[PANEL] = {0.0f};
	const int keys = visible(a, first + count - 1);
	const float *q = a->q + first * a->q_row, *dout = g->dout + first * a->out_row;

	b.a = a;
	b.first = first;
	b.count = count;
	b.vecs = count > VN ? 2 : 1;
	prefetch_rows(count, a->width, dout, a->out_row);
	prefetch_rows(count, a->width, a->out + first * a->out_row, a->out_row);
	prefetch_rows(count, a->width, q, a->q_row);
	prefetch_rows(count, a->width, g->dq + first * a->q_row, a->q_row);
	for (int i = 0; i < count; i++) {
		mean[i] = dot((size_t)a->width, dout + i * a->out_row, a->out + (first + i) * a->out_row);
		lse[i] = a->lse[(first + i) * a->lse_row];
		if (lse[i] == -INFINITY) /* sees nothing: all its scores are -inf too */
			lse[i] = 0.0f;
	}
	for (int key = 0; key < keys; key += DEPTH) {
		const int part = keys - key < DEPTH ? keys - key : DEPTH;
		const float *k = a->k + key * a->k_row, *v = a->v + key * a->v_row;

		prefetch_rows(part, a->width, k, a->k_row);
		prefetch_rows(part, a->width, v, a->v_row);
		prefetch_rows(part, a->width, g->dk + key * a->k_row, a->k_row);
		prefetch_rows(part, a->width, g->dv + key * a->v_row, a->v_row);
		inner_products(&b, part, k, a->k_row, a->q, a->q_row, a->scale, qt, key > 0, p);
		inner_products(&b, part, v, a->v_row, g->dout, a->out_row, 1.0f, dt, key > 0, dp);
		hide(&b, key, part, p);
		if (a->mask.p > 0.0f)
			draw_factors(&b, key, part);
		score_gradients(&b, part, lse, mean, p, dp);
		add_product(part, count, a->width, p, PANEL, 1, dout, a->out_row, g->dv + key * a->v_row,
			    a->v_row);
		add_product(part, count, a->width, dp, PANEL, 1, q, a->q_row, g->dk + key * a->k_row,
			    a->k_row);
		add_product(count, part, a->width, dp, 1, PANEL, k, a->k_row, g->dq + first * a->q_row,
			    a->q_row);
	}
}

static void attend_grad(const heed__attend *a, const heed__attend_grad *g)
{
	for (int i = 0; i < a->queries; i += PANEL)
		grad_queries(a, g, i, a->queries - i < PANEL ? a->queries - i : PANEL);
}

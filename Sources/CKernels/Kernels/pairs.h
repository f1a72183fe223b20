// Products of a bf16 matrix with activations rounded to bf16: what such a model computes with where it is trained. Each output is one
// sum along k, two products at a time, lowest first.
#if CK_HAS_BF16
INLINE v16 dot_pairs(v16 sum, u16 w, uint32_t pair) {
    return (v16)_mm512_dpbf16_ps((__m512)sum, (__m512bh)w, (__m512bh)_mm512_set1_epi32((int32_t)pair));
}

/// Rounds to nearest, ties to even. `columns` values, padded with a zero to whole pairs.
static void to_pairs(const float *x, int64_t columns, uint32_t *pairs) {
    int64_t i = 0;
    for (; i + 32 <= columns; i += 32) {
        __m512bh both = _mm512_cvtne2ps_pbh((__m512)load(x + i + 16), (__m512)load(x + i));
        memcpy(pairs + i / 2, &both, 64);
    }
    if (i < columns) {
        float rest[32] = {0};
        memcpy(rest, x + i, (size_t)(columns - i) * 4);
        __m512bh both = _mm512_cvtne2ps_pbh((__m512)load(rest + 16), (__m512)load(rest));
        memcpy(pairs + i / 2, &both, (size_t)((columns - i + 1) / 2) * 4);
    }
}

INLINE void pairs_tile(
    const int P, const int T, const ck_matrix *m, int64_t panel, const uint32_t *x, int64_t xs, float *y, int64_t ys, bool accumulate
) {
    const int64_t units = (m->columns + 1) / 2;
    const char *data = (const char *)m->data + panel * units * 64;
    v16 sum[P][T];
    u16 w[P];
    UNROLL for (int p = 0; p < P; p++) { UNROLL for (int t = 0; t < T; t++) sum[p][t] = splat(0); }
    for (int64_t unit = 0; unit < units; unit++) {
        UNROLL for (int p = 0; p < P; p++) w[p] = load_unit(data + (p * units + unit) * 64);
        UNROLL for (int t = 0; t < T; t++) {
            UNROLL for (int p = 0; p < P; p++) sum[p][t] = dot_pairs(sum[p][t], w[p], x[t * xs + unit]);
        }
    }
    UNROLL for (int p = 0; p < P; p++) {
        UNROLL for (int t = 0; t < T; t++) emit(y + t * ys, (panel + p) * 16, m->rows, sum[p][t], accumulate);
    }
}

#define PAIRS_PASS(P, T)                                                                                                                             \
    {                                                                                                                                                \
        int64_t panel = first;                                                                                                                       \
        for (; panel + P <= last; panel += P) pairs_tile(P, T, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);                                \
        for (; panel < last; panel++) pairs_tile(1, T, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);                                        \
    }

/// As `matmul_bytes`; `xs` in pairs.
static void matmul_pairs(
    const ck_matrix *m, int64_t first, int64_t last, const uint32_t *x, int64_t xs, float *y, int64_t ys, int64_t tokens, bool accumulate
) {
    const int64_t whole = tokens / 12 * 12, block = 12 * 8;
    for (int64_t begin = 0; begin < whole; begin += block) {
        int64_t end = begin + block < whole ? begin + block : whole;
        int64_t panel = first;
        for (; panel + 2 <= last; panel += 2)
            for (int64_t t = begin; t < end; t += 12) pairs_tile(2, 12, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);
        for (; panel < last; panel++)
            for (int64_t t = begin; t < end; t += 12) pairs_tile(1, 12, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);
    }
    int64_t t = whole;
    for (; t + 4 <= tokens; t += 4) PAIRS_PASS(4, 4)
    for (; t < tokens; t++) PAIRS_PASS(8, 1)
}
#endif

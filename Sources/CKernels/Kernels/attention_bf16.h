// Attention over bf16 keys and values with bf16 products: queries and weights are rounded to bf16 too, sums stay f32. As in attention.h,
// each score is one sum along the head and each output one along the tokens, whatever rows share the work.
#if CK_HAS_BF16
/// Scores of `R` rows against `P` panels. `q` and `qs`: pairs.
INLINE void score_pairs(
    const int R, const int P, const char *keys, int64_t panel, int head_size, const uint32_t *q, int64_t qs, float *scores, int64_t stride
) {
    const int64_t panel_bytes = (int64_t)head_size * 32;
    const char *base = keys + panel * panel_bytes;
    v16 sum[R][P];
    u16 unit[P];
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int p = 0; p < P; p++) sum[r][p] = splat(0); }
    for (int i = 0; i < head_size / 2; i++) {
        UNROLL for (int p = 0; p < P; p++) unit[p] = load_unit(base + p * panel_bytes + (int64_t)i * 64);
        UNROLL for (int r = 0; r < R; r++) {
            UNROLL for (int p = 0; p < P; p++) sum[r][p] = dot_pairs(sum[r][p], unit[p], q[r * qs + i]);
        }
    }
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int p = 0; p < P; p++) store(scores + r * stride + (panel + p) * 16, sum[r][p]); }
}

/// Scores become weights, as pairs at the row's beginning, zero from `limit` to `length`, a multiple of 32. Returns their sum.
INLINE float soften_pairs(float *scores, int64_t limit, int64_t length) {
    const i16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const v16 none = splat(-INFINITY);
    v16 best = none;
    for (int64_t t = 0; t < limit; t += 16) {
        i16 seen = lane < (int32_t)(limit - t > 16 ? 16 : limit - t);
        best = larger(pick(seen, load(scores + t), none), best);
    }
    const v16 top = splat(max_lanes(best));
    v16 sum = splat(0);
    char *to = (char *)scores;
    for (int64_t t = 0; t < length; t += 32) {
        v16 weight[2];
        UNROLL for (int half = 0; half < 2; half++) {
            int64_t left = limit - t - 16 * half;
            i16 seen = lane < (int32_t)(left > 16 ? 16 : left);
            weight[half] = (v16)((i16)exponential(pick(seen, load(scores + t + 16 * half), top) - top) & seen);
        }
        u16 pairs = (u16)_mm512_cvtne2ps_pbh((__m512)weight[1], (__m512)weight[0]);
        memcpy(to + t * 2, &pairs, 64);
        // The sum is that of what is multiplied, so that the weights are one together.
        sum += bf16_low(pairs) + bf16_high(pairs);
    }
    return sum_lanes(sum);
}

/// Adds the first `count` tokens of one block to `V` vectors of `R` rows in `out`.
INLINE void mix_pairs(
    const int R, const int V, const char *values, int64_t count, int head_size, int element, const uint32_t *weights, int64_t stride, float *const *out
) {
    const char *base = values + element * 4;
    v16 sum[R][V];
    u16 unit[V];
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) sum[r][v] = load(out[r] + element + v * 16); }
    for (int64_t pair = 0; pair < (count + 1) / 2; pair++) {
        UNROLL for (int v = 0; v < V; v++) unit[v] = load_unit(base + pair * head_size * 4 + v * 64);
        // What stands in the place of a token that is not there may be anything; a weight of zero would not silence a NaN.
        if (pair == count / 2) { UNROLL for (int v = 0; v < V; v++) unit[v] &= 0xFFFFu; }
        UNROLL for (int r = 0; r < R; r++) {
            UNROLL for (int v = 0; v < V; v++) sum[r][v] = dot_pairs(sum[r][v], unit[v], weights[r * stride + pair]);
        }
    }
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) store(out[r] + element + v * 16, sum[r][v]); }
}

/// Panels and values of one block for `R` rows; `P` panels and `V` vectors at once.
#define BLOCK_OF(R, P, V)                                                                                                                            \
    static void score_block_##R(                                                                                                                     \
        const char *keys, int64_t panels, int head_size, const uint32_t *q, int64_t qs, float *scores, int64_t stride                                \
    ) {                                                                                                                                              \
        int64_t panel = 0;                                                                                                                           \
        for (; panel + P <= panels; panel += P) score_pairs(R, P, keys, panel, head_size, q, qs, scores, stride);                                    \
        for (; panel < panels; panel++) score_pairs(R, 1, keys, panel, head_size, q, qs, scores, stride);                                            \
    }                                                                                                                                                \
    static void mix_block_##R(                                                                                                                       \
        const char *values, int64_t count, int head_size, const uint32_t *weights, int64_t stride, float *const *out                                 \
    ) {                                                                                                                                              \
        int element = 0;                                                                                                                             \
        for (; element + V * 16 <= head_size; element += V * 16) mix_pairs(R, V, values, count, head_size, element, weights, stride, out);           \
        for (; element < head_size; element += 16) mix_pairs(R, 1, values, count, head_size, element, weights, stride, out);                         \
    }
BLOCK_OF(1, 8, 8)
BLOCK_OF(2, 8, 8)
BLOCK_OF(4, 4, 4)
BLOCK_OF(8, 2, 2)

/// All rows pass over a block while it is in the cache.
#define EACH_ROWS(CALL)                                                                                                                              \
    {                                                                                                                                                \
        int r = 0;                                                                                                                                   \
        for (; r + 8 <= rows; r += 8) CALL(8);                                                                                                       \
        for (; r + 4 <= rows; r += 4) CALL(4);                                                                                                       \
        for (; r + 2 <= rows; r += 2) CALL(2);                                                                                                       \
        for (; r < rows; r++) CALL(1);                                                                                                               \
    }

static void attention_pairs(
    const ck_kv_layout *layout, size_t key_offset, size_t value_offset, void *const *blocks, const float *const *q, float *const *out,
    const int64_t *limits, int rows, float *scores, int64_t stride
) {
    const int size = layout->head_size;
    const int64_t qs = (size + 1) / 2;
    // Queries as pairs stand behind the scores.
    uint32_t *pairs = (uint32_t *)(scores + rows * stride);
    int64_t length = 0;
    for (int r = 0; r < rows; r++) {
        to_pairs(q[r], size, pairs + r * qs);
        length = limits[r] > length ? limits[r] : length;
    }
    for (int64_t start = 0; start < length; start += CK_BLOCK_TOKENS) {
        int64_t panels = (length - start + 15) / 16;
        if (panels > CK_BLOCK_TOKENS / 16) panels = CK_BLOCK_TOKENS / 16;
        const char *keys = (const char *)blocks[start / CK_BLOCK_TOKENS] + key_offset;
#define SCORE(R) score_block_##R(keys, panels, size, pairs + r * qs, qs, scores + r * stride + start, stride)
        EACH_ROWS(SCORE)
#undef SCORE
    }
    float inverse[CK_ATTENTION_ROWS];
    for (int r = 0; r < rows; r++) {
        inverse[r] = 1.0f / soften_pairs(scores + r * stride, limits[r], (length + 31) / 32 * 32);
        memset(out[r], 0, (size_t)size * 4);
    }
    for (int64_t start = 0; start < length; start += CK_BLOCK_TOKENS) {
        int64_t count = length - start < CK_BLOCK_TOKENS ? length - start : CK_BLOCK_TOKENS;
        const char *values = (const char *)blocks[start / CK_BLOCK_TOKENS] + value_offset;
        const uint32_t *weights = (const uint32_t *)scores + start / 2;
#define MIX(R) mix_block_##R(values, count, size, weights + r * stride, stride, out + r)
        EACH_ROWS(MIX)
#undef MIX
    }
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < size; i += 16) store(out[r] + i, load(out[r] + i) * inverse[r]);
}
#endif

// Attention of some query rows that share keys and values (the heads of one group, for consecutive tokens).
// Scores: lanes are tokens, sums run along the head. Output: lanes are elements of the head, sums run along the tokens.

/// Scores of `R` rows against `P` panels of one block.
INLINE void score_panels(
    const bool bf16, const int R, const int P, const void *keys, int64_t panel, int head_size, const float *const *q, float *scores, int64_t stride
) {
    const int64_t panel_bytes = (int64_t)head_size * 16 * (bf16 ? 2 : 4);
    const char *base = (const char *)keys + panel * panel_bytes;
    v16 sum[R][P];
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int p = 0; p < P; p++) sum[r][p] = splat(0); }
    for (int i = 0; i < head_size; i += bf16 ? 2 : 1) {
        UNROLL for (int p = 0; p < P; p++) {
            u16 unit = load_unit(base + p * panel_bytes + (int64_t)(bf16 ? i / 2 : i) * 64);
            v16 first = bf16 ? bf16_low(unit) : as_float(unit);
            UNROLL for (int r = 0; r < R; r++) sum[r][p] = FMA(first, splat(q[r][i]), sum[r][p]);
            if (bf16) {
                v16 second = bf16_high(unit);
                UNROLL for (int r = 0; r < R; r++) sum[r][p] = FMA(second, splat(q[r][i + 1]), sum[r][p]);
            }
        }
    }
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int p = 0; p < P; p++) store(scores + r * stride + (panel + p) * 16, sum[r][p]); }
}

/// Scores become exp(score - max), 0 from `limit` on up to a multiple of 16. Returns their sum.
INLINE float soften(float *scores, int64_t limit) {
    const i16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const v16 none = splat(-INFINITY);
    v16 best = none;
    for (int64_t t = 0; t < limit; t += 16) {
        i16 seen = lane < (int32_t)(limit - t > 16 ? 16 : limit - t);
        best = larger(pick(seen, load(scores + t), none), best);
    }
    const v16 top = splat(max_lanes(best));
    v16 sum = splat(0);
    for (int64_t t = 0; t < limit; t += 16) {
        i16 seen = lane < (int32_t)(limit - t > 16 ? 16 : limit - t);
        v16 weight = (v16)((i16)exponential(load(scores + t) - top) & seen);
        store(scores + t, weight);
        sum += weight;
    }
    return sum_lanes(sum);
}

/// Adds `count` tokens of one block to `V` vectors of `R` rows. The weight of a token that a row does not see is zero.
INLINE void mix_values(
    const bool bf16, const int R, const int V, const void *values, int64_t count, int head_size, int element, const float *scores, int64_t stride,
    v16 (*sum)[V]
) {
    if (!bf16) {
        const float *base = (const float *)values + element;
        v16 value[V];
        for (int64_t t = 0; t < count; t++) {
            UNROLL for (int v = 0; v < V; v++) value[v] = load(base + t * head_size + v * 16);
            UNROLL for (int r = 0; r < R; r++) {
                v16 weight = splat(scores[r * stride + t]);
                UNROLL for (int v = 0; v < V; v++) sum[r][v] = FMA(weight, value[v], sum[r][v]);
            }
        }
        return;
    }
    const char *base = (const char *)values + element * 4;
    u16 unit[V];
    for (int64_t t = 0; t < count; t += 2) {
        UNROLL for (int v = 0; v < V; v++) unit[v] = load_unit(base + (t / 2) * head_size * 4 + v * 64);
        UNROLL for (int r = 0; r < R; r++) {
            v16 weight = splat(scores[r * stride + t]);
            UNROLL for (int v = 0; v < V; v++) sum[r][v] = FMA(weight, bf16_low(unit[v]), sum[r][v]);
        }
        if (t + 1 < count) {
            UNROLL for (int r = 0; r < R; r++) {
                v16 weight = splat(scores[r * stride + t + 1]);
                UNROLL for (int v = 0; v < V; v++) sum[r][v] = FMA(weight, bf16_high(unit[v]), sum[r][v]);
            }
        }
    }
}

INLINE void mix_all(
    const bool bf16, const int R, const int V, size_t value_offset, void *const *blocks, int64_t length, int head_size, int element,
    const float *scores, int64_t stride, const float *inverse, float *const *out
) {
    v16 sum[R][V];
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) sum[r][v] = splat(0); }
    for (int64_t start = 0; start < length; start += CK_BLOCK_TOKENS) {
        int64_t count = length - start < CK_BLOCK_TOKENS ? length - start : CK_BLOCK_TOKENS;
        const void *values = (const char *)blocks[start / CK_BLOCK_TOKENS] + value_offset;
        mix_values(bf16, R, V, values, count, head_size, element, scores + start, stride, sum);
    }
    UNROLL for (int r = 0; r < R; r++) { UNROLL for (int v = 0; v < V; v++) store(out[r] + element + v * 16, sum[r][v] * inverse[r]); }
}

/// `R` rows; `P` panels and `V` vectors at once.
INLINE void attend(
    const bool bf16, const int R, const int P, const int V, const ck_kv_layout *layout, size_t key_offset, size_t value_offset, void *const *blocks,
    const float *const *q, float *const *out, const int64_t *limits, float *scores, int64_t stride
) {
    const int head_size = layout->head_size;
    int64_t length = 0;
    for (int r = 0; r < R; r++) length = limits[r] > length ? limits[r] : length;
    for (int64_t start = 0; start < length; start += CK_BLOCK_TOKENS) {
        int64_t panels = (length - start + 15) / 16;
        if (panels > CK_BLOCK_TOKENS / 16) panels = CK_BLOCK_TOKENS / 16;
        const void *keys = (const char *)blocks[start / CK_BLOCK_TOKENS] + key_offset;
        int64_t panel = 0;
        for (; panel + P <= panels; panel += P) score_panels(bf16, R, P, keys, panel, head_size, q, scores + start, stride);
        for (; panel < panels; panel++) score_panels(bf16, R, 1, keys, panel, head_size, q, scores + start, stride);
    }
    float inverse[R];
    for (int r = 0; r < R; r++) {
        inverse[r] = 1.0f / soften(scores + r * stride, limits[r]);
        // Tokens that other rows see and this one does not.
        for (int64_t t = (limits[r] + 15) / 16 * 16; t < length; t++) scores[r * stride + t] = 0;
    }
    int element = 0;
    for (; element + V * 16 <= head_size; element += V * 16)
        mix_all(bf16, R, V, value_offset, blocks, length, head_size, element, scores, stride, inverse, out);
    for (; element < head_size; element += 16)
        mix_all(bf16, R, 1, value_offset, blocks, length, head_size, element, scores, stride, inverse, out);
}

#define ATTEND(R, P, V)                                                                                                                              \
    static void attend_##R(                                                                                                                          \
        const ck_kv_layout *layout, size_t key_offset, size_t value_offset, void *const *blocks, const float *const *q, float *const *out,           \
        const int64_t *limits, float *scores, int64_t stride                                                                                         \
    ) {                                                                                                                                              \
        if (layout->kind == CK_BF16) attend(true, R, P, V, layout, key_offset, value_offset, blocks, q, out, limits, scores, stride);                \
        else attend(false, R, P, V, layout, key_offset, value_offset, blocks, q, out, limits, scores, stride);                                       \
    }
#if CK_HAS_FMA && TILE_PANELS == 2
ATTEND(1, 4, 4)
ATTEND(2, 4, 4)
ATTEND(4, 4, 4)
ATTEND(8, 2, 2)
#else
ATTEND(1, 2, 2)
ATTEND(2, 1, 2)
ATTEND(4, 1, 1)
ATTEND(8, 1, 1)
#endif

static void attention(
    const ck_kv_layout *layout, size_t key_offset, size_t value_offset, void *const *blocks, const float *const *q, float *const *out,
    const int64_t *limits, int rows, float *scores, int64_t stride
) {
    int r = 0;
    for (; r + 8 <= rows; r += 8) attend_8(layout, key_offset, value_offset, blocks, q + r, out + r, limits + r, scores, stride);
    for (; r + 4 <= rows; r += 4) attend_4(layout, key_offset, value_offset, blocks, q + r, out + r, limits + r, scores, stride);
    for (; r + 2 <= rows; r += 2) attend_2(layout, key_offset, value_offset, blocks, q + r, out + r, limits + r, scores, stride);
    for (; r < rows; r++) attend_1(layout, key_offset, value_offset, blocks, q + r, out + r, limits + r, scores, stride);
}

// Products of a quantised matrix with activations of two bytes, a coarse and a fine one: a single one, as others take, is half as much work and
// ten times as far from the model's own logits. Each dot product of a part is an integer, exact in every variant below;
// the parts are added in f32, lowest first. So all variants, and all tiles of each, have the same results to the bit. The portable one has
// none of it: without instructions for bytes, f32 is faster.
#if CK_HAS_AVX2
/// Adds the products of four nibbles a lane, each in a byte, with the four signed bytes at `x`.
INLINE i16 dot_nibbles(i16 sum, u16 w, const int8_t *x) {
    int32_t word;
    memcpy(&word, x, 4);
#if CK_HAS_BF16
    return (i16)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)w, _mm512_set1_epi32(word));
#elif CK_HAS_AVX512
    __m512i pairs = _mm512_maddubs_epi16((__m512i)w, _mm512_set1_epi32(word));
    return sum + (i16)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
#else
    union { u16 all; __m256i half[2]; } in = {.all = w}, out;
    UNROLL for (int half = 0; half < 2; half++)
        out.half[half] = _mm256_madd_epi16(_mm256_maddubs_epi16(in.half[half], _mm256_set1_epi32(word)), _mm256_set1_epi16(1));
    return sum + (i16)out.all;
#endif
}

/// The same of four unsigned bytes a lane.
INLINE i16 dot_bytes(i16 sum, u16 w, const int8_t *x) {
#if !CK_HAS_BF16
    // Two products of such bytes would not fit the 16 bits of pmaddubsw.
    i16 high = dot_nibbles((i16){0}, w >> 4 & 0x0F0F0F0Fu, x);
    return dot_nibbles(sum + (high << 4), w & 0x0F0F0F0Fu, x);
#else
    return dot_nibbles(sum, w, x);
#endif
}

/// `P` panels times `T` tokens. `xs` is in bytes, `ss` in floats: a scale, and a scale times the sum of its bytes, for each part.
INLINE void bytes_tile(
    const int kind, const bool joint, const int P, const int T, const ck_matrix *m, int64_t panel, const int8_t *x, int64_t xs, const float *scales, int64_t ss,
    int64_t part, float *y, int64_t ys, bool accumulate
) {
    const int64_t per_unit = kind == CK_Q8 ? 4 : 8, units = m->columns / per_unit, per_part = part / per_unit;
    const int64_t groups = m->columns / m->group, parts_per_group = m->group / part;
    const char *data = (const char *)m->data + panel * units * 64;
    // All of them here and none within the loops: what is declared there stays in memory.
    v16 sum[P][T], scale[P], bias[P];
    i16 coarse[P][T], fine[P][T];
    u16 half[P][2];
    UNROLL for (int p = 0; p < P; p++) { UNROLL for (int t = 0; t < T; t++) sum[p][t] = splat(0); }
    for (int64_t group = 0; group < groups; group++) {
        UNROLL for (int p = 0; p < P; p++) load_scales(m, panel + p, group, &scale[p], &bias[p]);
        for (int64_t step = 0; step < parts_per_group; step++, x += 2 * part, scales += 2, data += per_part * 64) {
            UNROLL for (int p = 0; p < P; p++) { UNROLL for (int t = 0; t < T; t++) coarse[p][t] = fine[p][t] = (i16){0}; }
            // With registers for both, each unit is fetched and unpacked once; else once for each byte of the activations.
            for (int plane = 0; plane < (joint ? 1 : 2); plane++) {
                const int8_t *bytes = x + plane * part;
                if (plane == 1) {
                    UNROLL for (int p = 0; p < P; p++) { UNROLL for (int t = 0; t < T; t++) coarse[p][t] <<= 8; }
                }
                for (int64_t unit = 0; unit < per_part; unit++) {
                    UNROLL for (int p = 0; p < P; p++) {
                        half[p][0] = load_unit(data + (p * units + unit) * 64);
                        if (kind == CK_Q8) continue;
                        half[p][1] = half[p][0] >> 4 & 0x0F0F0F0Fu;
                        half[p][0] &= 0x0F0F0F0Fu;
                    }
                    UNROLL for (int h = 0; h < (kind == CK_Q8 ? 1 : 2); h++) {
                        UNROLL for (int t = 0; t < T; t++) {
                            const int8_t *at = bytes + t * xs + unit * per_unit + h * 4;
                            UNROLL for (int p = 0; p < P; p++) {
                                coarse[p][t] = kind == CK_Q8 ? dot_bytes(coarse[p][t], half[p][h], at) : dot_nibbles(coarse[p][t], half[p][h], at);
                                if (!joint) continue;
                                fine[p][t] = kind == CK_Q8 ? dot_bytes(fine[p][t], half[p][h], at + part) : dot_nibbles(fine[p][t], half[p][h], at + part);
                            }
                        }
                    }
                }
            }
            UNROLL for (int p = 0; p < P; p++) {
                UNROLL for (int t = 0; t < T; t++) {
                    i16 dots = joint ? (coarse[p][t] << 8) + fine[p][t] : coarse[p][t];
                    sum[p][t] = FMA(__builtin_convertvector(dots, v16) * splat(scales[t * ss]), scale[p], sum[p][t]);
                    sum[p][t] = FMA(bias[p], splat(scales[t * ss + 1]), sum[p][t]);
                }
            }
        }
    }
    UNROLL for (int p = 0; p < P; p++) {
        UNROLL for (int t = 0; t < T; t++) emit(y + t * ys, (panel + p) * 16, m->rows, sum[p][t], accumulate);
    }
}

/// `T` tokens, `P` panels at a time while there are so many.
#define BYTES_PASS(KIND, P, T)                                                                                                                       \
    {                                                                                                                                                \
        int64_t panel = first;                                                                                                                       \
        for (; panel + P <= last; panel += P)                                                                                                        \
            bytes_tile(KIND, true, P, T, m, panel, x + t * xs, xs, scales + t * ss, ss, part, y + t * ys, ys, accumulate);                                 \
        for (; panel < last; panel++)                                                                                                                \
            bytes_tile(KIND, true, 1, T, m, panel, x + t * xs, xs, scales + t * ss, ss, part, y + t * ys, ys, accumulate);                                 \
    }

// Whole tiles panel by panel within a block of tokens, which stays in the second cache; what is left of the tokens after that.
#define BYTES(KIND)                                                                                                                                  \
    static void bytes_##KIND(                                                                                                                        \
        const ck_matrix *m, int64_t first, int64_t last, const int8_t *x, int64_t xs, const float *scales, int64_t ss, int64_t part, float *y,       \
        int64_t ys, int64_t tokens, bool accumulate                                                                                                  \
    ) {                                                                                                                                              \
        const int64_t whole = tokens / BYTES_TOKENS * BYTES_TOKENS, block = 64;                                                        \
        for (int64_t begin = 0; begin < whole; begin += block) {                                                                                     \
            int64_t end = begin + block < whole ? begin + block : whole;                                                                             \
            int64_t panel = first;                                                                                                                   \
            for (; panel + BYTES_PANELS <= last; panel += BYTES_PANELS)                                                                              \
                for (int64_t t = begin; t < end; t += BYTES_TOKENS)                                                                                  \
                    bytes_tile(KIND, BYTES_JOINT, BYTES_PANELS, BYTES_TOKENS, m, panel, x + t * xs, xs, scales + t * ss, ss, part, y + t * ys, ys, accumulate);\
            for (; panel < last; panel++)                                                                                                            \
                for (int64_t t = begin; t < end; t += BYTES_TOKENS)                                                                                  \
                    bytes_tile(KIND, BYTES_JOINT, 1, BYTES_TOKENS, m, panel, x + t * xs, xs, scales + t * ss, ss, part, y + t * ys, ys, accumulate); \
        }                                                                                                                                            \
        int64_t t = whole;                                                                                                                           \
        for (; t + 2 <= tokens; t += 2) BYTES_PASS(KIND, BYTES_PANELS_2, 2)                                                                          \
        for (; t < tokens; t++) BYTES_PASS(KIND, BYTES_PANELS_1, 1)                                                                                  \
    }
BYTES(CK_Q8)
BYTES(CK_Q4)

static void matmul_bytes(
    const ck_matrix *m, int64_t first, int64_t last, const int8_t *x, int64_t xs, const float *scales, int64_t ss, int64_t part, float *y, int64_t ys,
    int64_t tokens, bool accumulate
) {
    if (m->kind == CK_Q8) bytes_CK_Q8(m, first, last, x, xs, scales, ss, part, y, ys, tokens, accumulate);
    else bytes_CK_Q4(m, first, last, x, xs, scales, ss, part, y, ys, tokens, accumulate);
}

/// The nearest integers, in f32: of magnitudes below 2^22.
INLINE v16 rounded(v16 value) {
    const v16 magic = splat(12582912.0f);
    return (value + magic) - magic;
}

/// One row: `columns` a multiple of `part`, that one of 16 and at most 64.
static void to_bytes(const float *x, int64_t columns, int64_t part, int8_t *bytes, float *scales) {
    for (int64_t start = 0; start < columns; start += part, scales += 2, bytes += 2 * part) {
        v16 most = splat(0), damage = splat(0);
        for (int64_t i = 0; i < part; i += 16) {
            v16 value = load(x + start + i);
            most = larger((v16)((i16)value & 0x7FFFFFFF), most);
            // What is not finite must not vanish in a byte.
            damage += value * splat(0);
        }
        float top = max_lanes(most);
        // That of the fine byte; the coarse one counts 256 times as much.
        float scale = top / (127.0f * 256.0f) + sum_lanes(damage), inverse = top > 0 ? 127.0f / top : 0;
        i16 sum = {0};
        for (int64_t i = 0; i < part; i += 16) {
            v16 value = load(x + start + i) * splat(inverse);
            v16 coarse = rounded(value);
            v16 fine = rounded((value - coarse) * splat(256));
            // From one tie to the next there are 257 steps.
            fine = pick((i16)(fine > splat(127)), splat(127), fine);
            i16 high = __builtin_convertvector(coarse, i16), low = __builtin_convertvector(fine, i16);
            sum += (high << 8) + low;
            b16 narrow = __builtin_convertvector(high, b16);
            memcpy(bytes + i, &narrow, 16);
            narrow = __builtin_convertvector(low, b16);
            memcpy(bytes + part + i, &narrow, 16);
        }
        int32_t total = 0;
        UNROLL for (int lane = 0; lane < 16; lane++) total += sum[lane];
        scales[0] = scale;
        scales[1] = scale * (float)total;
    }
}
#endif

// Sixteen lanes in the compiler's vector extension: one zmm, two ymm or four xmm, by the target of the file that includes this.
// Included once per instruction set, inside its target region.
#pragma clang diagnostic ignored "-Wpsabi" // every function that takes or returns a vector is inlined
typedef float v16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t i16 __attribute__((vector_size(64), aligned(4)));
typedef int8_t b16 __attribute__((vector_size(16), aligned(1)));
typedef uint32_t u16 __attribute__((vector_size(64), aligned(4)));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// One rounding where the CPU has it, two in the portable variant: calling fmaf would cost a hundredfold.
#if CK_HAS_FMA
#define FMA(a, b, c) __builtin_elementwise_fma((a), (b), (c))
#else
#pragma STDC FP_CONTRACT OFF
#define FMA(a, b, c) ((a) * (b) + (c))
#endif

INLINE v16 load(const float *p) { return *(const v16 *)p; }
INLINE void store(float *p, v16 v) { *(v16 *)p = v; }
// Not a vector of zeros plus x: that would be an addition, for the sake of -0.
INLINE v16 splat(float x) { return (v16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
INLINE u16 load_unit(const void *p) { return *(const u16 *)p; }
INLINE v16 as_float(u16 bits) { return (v16)bits; }
INLINE v16 bf16_low(u16 pairs) { return as_float(pairs << 16); }
INLINE v16 bf16_high(u16 pairs) { return as_float(pairs & 0xFFFF0000u); }
INLINE v16 from_integers(u16 values) { return __builtin_convertvector((i16)values, v16); }

/// The lanes of `a` where the mask is set, else those of `b`.
INLINE v16 pick(i16 mask, v16 a, v16 b) { return (v16)(((i16)a & mask) | ((i16)b & ~mask)); }
INLINE v16 larger(v16 a, v16 b) { return pick((i16)(a > b), a, b); }

/// The sum of the lanes, in one fixed order: halves, quarters, eighths, pairs.
INLINE float sum_lanes(v16 v) {
    float lanes[16];
    store(lanes, v);
    for (int width = 8; width > 0; width /= 2)
        for (int lane = 0; lane < width; lane++) lanes[lane] += lanes[lane + width];
    return lanes[0];
}

INLINE float max_lanes(v16 v) {
    float best = v[0];
    for (int lane = 1; lane < 16; lane++) best = v[lane] > best ? v[lane] : best;
    return best;
}

/// exp(x) to about one unit in the last place; 0 below -87, and no more than e^88.
INLINE v16 exponential(v16 x) {
    const v16 top = splat(88.0f), bottom = splat(-87.0f);
    i16 vanishes = (i16)(x < bottom);
    x = pick((i16)(x > top), top, x);
    x = pick(vanishes, bottom, x);
    // x = n ln 2 + r with |r| <= ln 2 / 2; adding 1.5 * 2^23 rounds to the nearest integer.
    const v16 magic = splat(12582912.0f);
    v16 n = FMA(x, splat(1.44269504088896341f), magic) - magic;
    v16 r = FMA(n, splat(-0.693359375f), x);
    r = FMA(n, splat(2.12194440054690583e-4f), r);
    // Taylor to the seventh power: the rest is below 6e-9.
    v16 sum = splat(1.0f / 5040);
    sum = FMA(sum, r, splat(1.0f / 720));
    sum = FMA(sum, r, splat(1.0f / 120));
    sum = FMA(sum, r, splat(1.0f / 24));
    sum = FMA(sum, r, splat(1.0f / 6));
    sum = FMA(sum, r, splat(0.5f));
    sum = FMA(sum, r, splat(1.0f));
    sum = FMA(sum, r, splat(1.0f));
    i16 power = (__builtin_convertvector(n, i16) + 127) << 23;
    v16 result = sum * (v16)power;
    return (v16)((i16)result & ~vanishes);
}

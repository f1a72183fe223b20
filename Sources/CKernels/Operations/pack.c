#include "CKernels.h"
#include <string.h>

static float from_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
    union { uint32_t bits; float value; } it;
    if (exponent == 31) {
        it.bits = sign | 0x7F800000u | fraction << 13;
    } else if (exponent != 0) {
        it.bits = sign | (exponent + 112) << 23 | fraction << 13;
    } else {
        it.value = (float)fraction * 0x1p-24f;
        it.bits |= sign;
    }
    return it.value;
}

static uint32_t bits_of(int source, const void *from, int64_t index) {
    switch (source) {
    case CK_SOURCE_BF16: {
        uint16_t value;
        memcpy(&value, (const char *)from + index * 2, 2);
        return (uint32_t)value << 16;
    }
    case CK_SOURCE_F16: {
        uint16_t value;
        memcpy(&value, (const char *)from + index * 2, 2);
        union { float value; uint32_t bits; } it = {.value = from_half(value)};
        return it.bits;
    }
    default: {
        uint32_t value;
        memcpy(&value, (const char *)from + index * 4, 4);
        return value;
    }
    }
}

void ck_widen(int source, const void *from, float *to, int64_t count) {
    for (int64_t index = 0; index < count; index++) {
        uint32_t bits = bits_of(source, from, index);
        memcpy(to + index, &bits, 4);
    }
}

// MLX keeps eight nibbles of consecutive columns in a word, lowest first; ours has columns 0 1 2 3 in the low and 4 5 6 7 in the
// high nibbles of bytes 0 1 2 3.
static uint32_t regroup_nibbles(uint32_t word) {
    uint32_t result = 0;
    for (int j = 0; j < 4; j++) {
        result |= (word >> (4 * j) & 0xF) << (8 * j);
        result |= (word >> (4 * j + 16) & 0xF) << (8 * j + 4);
    }
    return result;
}

void ck_pack_rows(int kind, int source, const void *rows_source, int64_t first, int64_t count, int64_t columns, void *data) {
    int64_t per_unit = kind == CK_F32 ? 1 : kind == CK_BF16 ? 2 : kind == CK_Q8 ? 4 : 8;
    int64_t units = (columns + per_unit - 1) / per_unit;
    for (int64_t row = 0; row < count; row++) {
        uint32_t *out = (uint32_t *)data + (first + row) / 16 * units * 16 + (first + row) % 16;
        for (int64_t unit = 0; unit < units; unit++) {
            uint32_t word;
            if (kind == CK_BF16) {
                uint16_t pair[2] = {0, 0};
                int64_t here = columns - unit * 2 < 2 ? 1 : 2;
                memcpy(pair, (const char *)rows_source + (row * columns + unit * 2) * 2, (size_t)here * 2);
                word = pair[0] | (uint32_t)pair[1] << 16;
            } else {
                word = bits_of(source, rows_source, row * units + unit);
                if (kind == CK_Q4) word = regroup_nibbles(word);
            }
            out[unit * 16] = word;
        }
    }
}

void ck_pack_scales(
    int scale_kind, int source, const void *rows_source, int64_t first, int64_t count, int64_t groups, bool is_bias, void *scales
) {
    for (int64_t row = 0; row < count; row++) {
        for (int64_t group = 0; group < groups; group++) {
            int64_t index = ((first + row) / 16 * groups + group) * 32 + (first + row) % 16 + (is_bias ? 16 : 0);
            uint32_t bits = bits_of(source, rows_source, row * groups + group);
            if (scale_kind == CK_F32) ((uint32_t *)scales)[index] = bits;
            else ((uint16_t *)scales)[index] = (uint16_t)(bits >> 16);
        }
    }
}

#pragma once
// What each instruction set brings; the rest of the module is the same for all.
#include "CKernels.h"

typedef struct ck_table {
    /// Panels `first ..< last` of y = W x. `scratch` has room for `scratch_panels` panels of f32.
    void (*matmul)(
        const ck_matrix *matrix, int64_t first, int64_t last, const float *x, int64_t x_stride, float *y, int64_t y_stride, int64_t tokens,
        bool accumulate, float *scratch);
    /// `rows` query rows of one head against `length` tokens. `limits[r]` is how many tokens row r sees.
    void (*attention)(
        const ck_kv_layout *layout, size_t key_offset, size_t value_offset, void *const *blocks, const float *const *q, float *const *out,
        const int64_t *limits, int rows, float *scores, int64_t scores_stride);
    /// The following are NULL where the CPU has no instructions for bytes, and for bf16.
    /// As `matmul`, of a Q4 or Q8 matrix with rows of bytes: `x_stride` in bytes, `scales_stride` in floats.
    void (*matmul_bytes)(
        const ck_matrix *matrix, int64_t first, int64_t last, const int8_t *x, int64_t x_stride, const float *scales, int64_t scales_stride,
        int64_t part, float *y, int64_t y_stride, int64_t tokens, bool accumulate);
    void (*to_bytes)(const float *x, int64_t columns, int64_t part, int8_t *bytes, float *scales);
    /// As `matmul`, of a BF16 matrix; `x_stride` in pairs.
    void (*matmul_pairs)(
        const ck_matrix *matrix, int64_t first, int64_t last, const uint32_t *x, int64_t x_stride, float *y, int64_t y_stride, int64_t tokens,
        bool accumulate);
    void (*to_pairs)(const float *x, int64_t columns, uint32_t *pairs);
    /// As `attention`, over BF16; behind the scores is room for the queries as bf16.
    void (*attention_pairs)(
        const ck_kv_layout *layout, size_t key_offset, size_t value_offset, void *const *blocks, const float *const *q, float *const *out,
        const int64_t *limits, int rows, float *scores, int64_t scores_stride);
    void (*rms_norm)(const float *x, const float *weight, float *out, int64_t size, float epsilon);
    void (*silu_multiply)(float *gate, const float *up, int64_t size);
    float (*log_sum_exp)(const float *x, int64_t count);
    /// Panels that a scratch of `matmul` must hold.
    int scratch_panels;
} ck_table;

/// Query rows that `attention` takes at once.
enum { CK_ATTENTION_ROWS = 32 };

extern const ck_table ck_table_portable;
#if defined(__x86_64__)
extern const ck_table ck_table_avx2, ck_table_avx512, ck_table_avx512bf16;
#endif
const ck_table *ck_table_of(int level);
const ck_table *ck_pool_table(const ck_pool *pool);

/// Scratch of one worker: at least `bytes`, aligned to 64; NULL when there is none. Valid until the worker asks again.
void *ck_pool_scratch(ck_pool *pool, int worker, size_t bytes);

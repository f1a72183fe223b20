#pragma once
// Kernels of the native runtime: no policy, no allocation on the way, run-time choice of the instruction set.
//
// Every result is a function of its own inputs only: the order of each sum is fixed (along k for products, along the tokens for
// attention), whatever else is computed in the same call, and however the work is shared among threads. A token's logits are the
// same alone, in a batch, and under any cutting of a prompt into chunks.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Instruction sets

/// The last has the products of bytes and of bf16 besides (VNNI, BF16: Zen 4, Cooper Lake, Sapphire Rapids and their successors).
enum ck_level { CK_PORTABLE = 0, CK_AVX2 = 1, CK_AVX512 = 2, CK_AVX512_BF16 = 3 };
/// Whether there are products of bytes; and products and attention in bf16.
bool ck_level_has_bytes(int level);
bool ck_level_has_bf16(int level);
/// The best level that this CPU has.
int ck_level_detected(void);
const char *ck_level_name(int level);

// MARK: Memory

/// Zeroed memory aligned to 64 bytes (2 MiB and huge pages where it is large); NULL when there is none.
void *ck_allocate(size_t bytes);
void ck_release(void *memory, size_t bytes);
/// Reads whole 64-byte lines and returns the sum of their 8-byte words: how fast memory is when nothing else is done. `memory` is aligned to 8.
uint64_t ck_read_all(const void *memory, size_t count);
/// CRC-32C (Castagnoli, RFC 3720) of `bytes`, continuing from `crc` (0 at the start).
uint32_t ck_crc32c(uint32_t crc, const void *bytes, size_t count);

/// Gives the disk space of a range of a file back; the range reads as zeros. False where the file system cannot.
bool ck_punch_hole(int descriptor, int64_t offset, int64_t length);
/// Waits for a POSIX semaphore, by the monotonic clock; false after so long.
bool ck_semaphore_wait(void *semaphore, int64_t nanoseconds);

// MARK: Threads

/// CPUs that this process may run on.
int ck_usable_cpus(void);

/// A bounded group of threads that share the indices of one job at a time. Idle threads sleep on a futex.
typedef struct ck_pool ck_pool;
/// `threads` counts the caller of `ck_pool_run`. `level` is the instruction set of the kernels that run on it, or -1 for the best
/// that this CPU has. NULL when the threads cannot be made, or the CPU lacks `level`.
ck_pool *ck_pool_create(int threads, int level);
void ck_pool_destroy(ck_pool *pool);
int ck_pool_threads(const ck_pool *pool);
int ck_pool_level(const ck_pool *pool);
/// `index` of the job, `worker` below the number of threads.
typedef void (*ck_task)(void *context, int64_t index, int worker);
/// Runs `task` for each index in 0 ..< count and returns when all are done. One caller at a time.
void ck_pool_run(ck_pool *pool, ck_task task, void *context, int64_t count);

// MARK: Packed matrices

/// Element kinds. A matrix is cut into panels of 16 rows; a panel is a sequence of 64-byte units, each with some consecutive
/// columns of all 16 rows, four bytes a row:
///   F32  1 column;
///   BF16 2 columns, the lower in the low half;
///   Q8   4 columns, a byte each, lowest first;
///   Q4   8 columns: byte j has column j in its low and column 4 + j in its high nibble.
/// That is the operand order of dpbf16ps and vpdpbusd as well as of plain FMA. Missing rows and columns are zero.
enum ck_kind { CK_F32 = 0, CK_BF16 = 1, CK_Q8 = 2, CK_Q4 = 3 };

typedef struct ck_matrix {
    int32_t kind;
    /// Columns that share a scale and a bias (Q8, Q4): a multiple of 8.
    int32_t group;
    /// CK_F32 or CK_BF16: how scales and biases are kept.
    int32_t scale_kind;
    int64_t rows, columns;
    /// [panel][unit][16 rows][4 bytes]
    const void *data;
    /// [panel][group][scales of 16 rows, biases of 16 rows]
    const void *scales;
} ck_matrix;

/// Bytes of `data`, and of `scales` (0 for plain kinds).
size_t ck_matrix_data_bytes(int kind, int64_t rows, int64_t columns);
size_t ck_matrix_scale_bytes(int scale_kind, int64_t rows, int64_t columns, int32_t group);

enum ck_source { CK_SOURCE_F32 = 0, CK_SOURCE_BF16 = 1, CK_SOURCE_F16 = 2, CK_SOURCE_U32 = 3 };
/// Packs rows `first ..< first + count` of a row-major source, `first` a multiple of 16, into `data` (the whole matrix's).
/// `rows_source` points at row `first`. Allowed: F32 from F32 or F16, BF16 from BF16, Q8 and Q4 from MLX's U32.
void ck_pack_rows(int kind, int source, const void *rows_source, int64_t first, int64_t count, int64_t columns, void *data);
/// Packs scales or biases (`is_bias`) of the same rows.
void ck_pack_scales(
    int scale_kind, int source, const void *rows_source, int64_t first, int64_t count, int64_t groups, bool is_bias, void *scales);
/// Plain conversion of `count` elements to f32.
void ck_widen(int source, const void *from, float *to, int64_t count);

/// y[t][r] = sum over c of W[r][c] * x[t][c], plus y[t][r] where `accumulate`. Strides in elements.
void ck_matmul(
    ck_pool *pool, const ck_matrix *matrix, const float *x, int64_t x_stride, float *y, int64_t y_stride, int64_t tokens, bool accumulate);
/// Rows of activations as two signed bytes each, coarse and fine: columns of a part are its scale times (256 coarse + fine). `part` divides the
/// columns, is a multiple of 16, and at most 64. Beside the scale stands its product with the sum of the part. NaN and infinity stay in the scale.
typedef struct ck_bytes {
    int8_t *bytes;   // (rows, columns / part, 2, part): coarse ones, fine ones
    float *scales;   // (rows, columns / part, 2)
    int64_t columns, part;
} ck_bytes;
/// `x`: (rows, columns). Needs `ck_level_has_bytes`.
void ck_to_bytes(ck_pool *pool, const float *x, int64_t rows, const ck_bytes *to);
/// `ck_rms_norm` to `out`, and `ck_to_bytes` of it.
void ck_rms_norm_to_bytes(ck_pool *pool, const float *x, const float *weight, float *out, int64_t rows, float epsilon, const ck_bytes *to);
/// `ck_silu_multiply`, and `ck_to_bytes` of it; `gate` is changed.
void ck_silu_multiply_to_bytes(ck_pool *pool, float *gate, const float *up, int64_t rows, const ck_bytes *to);
/// (rows, columns) rounded to bf16, in pairs: (rows, columns / 2 rounded up). Needs `ck_level_has_bf16`.
void ck_to_pairs(ck_pool *pool, const float *x, int64_t rows, int64_t columns, uint32_t *pairs);

/// One of several independent products, by `bytes` of a Q4 or Q8 matrix whose groups are whole parts, or by `pairs` of a BF16 one.
/// Dots of a part are integers, and exact.
typedef struct ck_product {
    const ck_matrix *matrix;
    /// NULL where `pairs` is meant.
    const ck_bytes *bytes;
    const uint32_t *pairs;
    int64_t rows;
    float *y;
    int64_t y_stride;
    bool accumulate;
} ck_product;
/// All of them at once. Each output is written by one product only.
void ck_multiply(ck_pool *pool, const ck_product *products, int64_t count);

/// Row `row` as f32, `columns` elements.
void ck_matrix_row(const ck_matrix *matrix, int64_t row, float *out);

// MARK: Elementwise

/// out = x / sqrt(mean(x^2) + epsilon) * weight, for each of `rows` rows of `size`.
void ck_rms_norm(ck_pool *pool, const float *x, const float *weight, float *out, int64_t size, int64_t rows, float epsilon);
/// gate = silu(gate) * up
void ck_silu_multiply(ck_pool *pool, float *gate, const float *up, int64_t size, int64_t rows);
/// Cosines and sines, [row][pairs] each, of `rows` positions; `frequencies` are the angles of position 1.
void ck_rope_table(const int64_t *positions, int64_t rows, int32_t pairs, const float *frequencies, float *cosines, float *sines);

// MARK: Experts

/// The `per_token` largest of each row of logits (rows, experts), largest first, the lowest index of equals; NaN comes last. Their weights are
/// those of the softmax over all, divided by their sum where `normalise`. Both outputs: (rows, per_token).
void ck_choose_experts(
    const float *logits, int64_t rows, int64_t experts, int64_t per_token, bool normalise, int32_t *chosen, float *weights);
/// Copies each of `rows` rows of `size` to its `per_token` places: `places` is (rows, per_token) of rows of `out`.
void ck_spread_rows(ck_pool *pool, const float *x, const int64_t *places, int64_t rows, int64_t per_token, int64_t size, float *out);
/// Adds to each row of `out` the weighted sum of the rows of `x` at its places, in their order.
void ck_mix_experts(
    ck_pool *pool, const float *x, const int64_t *places, const float *weights, int64_t rows, int64_t per_token, int64_t size, float *out);

// MARK: Keys and values

enum { CK_BLOCK_TOKENS = 256 };

/// The layout of a block of 256 tokens, the same in memory and on disk: [layer][keys, values][head][16 panels of 16 tokens].
/// Keys of a panel: F32 [head_size][16 tokens]; BF16 [head_size / 2][16 tokens][2].
/// Values of a panel: F32 [16 tokens][head_size]; BF16 [8 pairs of tokens][head_size][2].
/// So the first n tokens of a head are a prefix of its 256, up to a multiple of 16.
typedef struct ck_kv_layout {
    int32_t layers, heads, head_size;
    /// CK_F32 or CK_BF16.
    int32_t kind;
} ck_kv_layout;

size_t ck_kv_block_bytes(const ck_kv_layout *layout);
/// Bytes of the first `tokens` of a block, gathered (`tokens` is rounded up to panels).
size_t ck_kv_prefix_bytes(const ck_kv_layout *layout, int64_t tokens);
/// Copies the first `tokens` from one block to another.
void ck_kv_copy_prefix(const ck_kv_layout *layout, const void *from, void *to, int64_t tokens);
/// Between a block and the contiguous form of its first `tokens`.
void ck_kv_gather(const ck_kv_layout *layout, const void *block, void *to, int64_t tokens);
void ck_kv_scatter(const ck_kv_layout *layout, const void *from, void *block, int64_t tokens);

/// Consecutive tokens of one sequence within a batch.
typedef struct ck_span {
    /// Blocks of the whole sequence: block b has the positions from 256 b on.
    void *const *blocks;
    /// Position of the first token, and how many follow.
    int64_t start, count;
    /// The first token's row in the batch.
    int64_t row;
} ck_span;

/// Queries and keys of a batch are normalised by head (where there is a norm: NULL is none) and rotated (the two halves of a head form the pairs); queries are scaled by
/// 1 / sqrt(head_size) in place, keys and values go to their blocks. `cosines` and `sines` are by row of the batch.
void ck_store_keys_values(
    ck_pool *pool, const ck_kv_layout *layout, int32_t layer, const ck_span *spans, int64_t span_count, float *q, const float *k, const float *v,
    int32_t query_heads, const float *query_norm, const float *key_norm, float epsilon, const float *cosines, const float *sines);

/// Causal attention of each token over its sequence up to itself. q and out: [row][query_heads * head_size]. `fast`: queries and weights are
/// rounded to bf16, where keys and values are, and the CPU can. False when there is no memory for the scores.
bool ck_attention(
    ck_pool *pool, const ck_kv_layout *layout, int32_t layer, const ck_span *spans, int64_t span_count, const float *q, float *out,
    int32_t query_heads, bool fast);

// MARK: Logits

/// The index of the largest element, the lowest of equals; NaN never wins.
int64_t ck_argmax(const float *x, int64_t count);
/// log(sum(exp(x)))
float ck_log_sum_exp(const float *x, int64_t count);

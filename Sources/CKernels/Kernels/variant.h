// One instruction set's whole table. The including file defines CK_NAME, what the CPU has (CK_HAS_FMA, CK_HAS_AVX2, CK_HAS_AVX512,
// CK_HAS_BF16: the last with the integer products of VNNI), how many panels and tokens a pass takes so that its sums stay in registers,
// and opens the target region around this.
#include "vector.h"
#include "matmul.h"
#include "bytes.h"
#include "pairs.h"
#include "attention.h"
#include "attention_bf16.h"
#include "elementwise.h"

const ck_table CK_NAME = {
    .matmul = matmul,
#if CK_HAS_AVX2
    .matmul_bytes = matmul_bytes,
    .to_bytes = to_bytes,
#endif
#if CK_HAS_BF16
    .matmul_pairs = matmul_pairs,
    .to_pairs = to_pairs,
    .attention_pairs = attention_pairs,
#endif
    .attention = attention,
    .rms_norm = rms_norm,
    .silu_multiply = silu_multiply,
    .log_sum_exp = log_sum_exp,
    .scratch_panels = TILE_PANELS,
};

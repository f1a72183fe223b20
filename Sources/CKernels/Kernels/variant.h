// One instruction set's whole table. The including file defines CK_NAME, CK_HAS_FMA, TILE_TOKENS, TILE_PANELS, DIRECT_PANELS and
// DIRECT_PANELS_4 (chosen so that the sums stay in registers), and opens the target region around this.
#include "vector.h"
#include "matmul.h"
#include "attention.h"
#include "elementwise.h"

const ck_table CK_NAME = {
    .matmul = matmul,
    .attention = attention,
    .rms_norm = rms_norm,
    .silu_multiply = silu_multiply,
    .log_sum_exp = log_sum_exp,
    .scratch_panels = TILE_PANELS,
};

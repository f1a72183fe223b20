#include "../Dispatch/dispatch.h"
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CK_NAME ck_table_avx2
#define CK_HAS_FMA 1
#define CK_HAS_AVX2 1
// 12 of 16 registers hold sums, two each.
#define TILE_TOKENS 6
#define TILE_PANELS 1
#define DIRECT_PANELS 2
#define DIRECT_PANELS_4 1
#define BYTES_TOKENS 2
#define BYTES_PANELS 1
#define BYTES_JOINT false
#define BYTES_PANELS_2 1
#define BYTES_PANELS_1 2
#include "variant.h"
#pragma clang attribute pop
#endif

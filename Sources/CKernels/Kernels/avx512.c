#include "../Dispatch/dispatch.h"
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))), apply_to = function)
#define CK_NAME ck_table_avx512
#define CK_HAS_FMA 1
#define CK_HAS_AVX2 1
#define CK_HAS_AVX512 1
// 24 of 32 registers hold sums.
#define TILE_TOKENS 12
#define TILE_PANELS 2
#define DIRECT_PANELS 4
#define DIRECT_PANELS_4 4
#define BYTES_TOKENS 4
#define BYTES_PANELS 3
#define BYTES_JOINT false
#define BYTES_PANELS_2 4
#define BYTES_PANELS_1 4
#include "variant.h"
#pragma clang attribute pop
#endif

#include "dispatch.h"

int ck_level_detected(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq");
    bool bf16 = avx512 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16");
    return bf16 ? CK_AVX512_BF16 : avx512 ? CK_AVX512 : avx2 ? CK_AVX2 : CK_PORTABLE;
#else
    return CK_PORTABLE;
#endif
}

bool ck_level_has_bytes(int level) { return ck_table_of(level)->matmul_bytes != NULL; }
bool ck_level_has_bf16(int level) { return ck_table_of(level)->matmul_pairs != NULL; }

const char *ck_level_name(int level) {
    return level == CK_AVX512_BF16 ? "avx512bf16" : level == CK_AVX512 ? "avx512" : level == CK_AVX2 ? "avx2" : "portable";
}

const ck_table *ck_table_of(int level) {
#if defined(__x86_64__)
    switch (level) {
    case CK_AVX512_BF16: return &ck_table_avx512bf16;
    case CK_AVX512: return &ck_table_avx512;
    case CK_AVX2: return &ck_table_avx2;
    }
#endif
    (void)level;
    return &ck_table_portable;
}

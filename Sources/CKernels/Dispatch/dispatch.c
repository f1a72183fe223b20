#include "dispatch.h"
#include <stdatomic.h>

static _Atomic int chosen = -1;

int ck_level_detected(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq");
    return avx512 ? CK_AVX512 : avx2 ? CK_AVX2 : CK_PORTABLE;
#else
    return CK_PORTABLE;
#endif
}

int ck_level_current(void) {
    int level = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (level < 0) {
        level = ck_level_detected();
        atomic_store_explicit(&chosen, level, memory_order_relaxed);
    }
    return level;
}

bool ck_level_force(int level) {
    if (level < CK_PORTABLE || level > ck_level_detected()) return false;
    atomic_store_explicit(&chosen, level, memory_order_relaxed);
    return true;
}

const char *ck_level_name(int level) { return level == CK_AVX512 ? "avx512" : level == CK_AVX2 ? "avx2" : "portable"; }

const ck_table *ck_table_current(void) {
#if defined(__x86_64__)
    switch (ck_level_current()) {
    case CK_AVX512: return &ck_table_avx512;
    case CK_AVX2: return &ck_table_avx2;
    }
#endif
    return &ck_table_portable;
}

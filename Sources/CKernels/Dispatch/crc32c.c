#include "CKernels.h"
#include <pthread.h>
#include <string.h>

static uint32_t table[8][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
        table[0][byte] = crc;
    }
    for (int slice = 1; slice < 8; slice++)
        for (int byte = 0; byte < 256; byte++) table[slice][byte] = table[slice - 1][byte] >> 8 ^ table[0][table[slice - 1][byte] & 255];
}

static uint32_t portable(uint32_t crc, const uint8_t *bytes, size_t count) {
    pthread_once(&once, make_table);
    for (; count >= 8; count -= 8, bytes += 8) {
        uint64_t word = 0;
        for (int index = 7; index >= 0; index--) word = word << 8 | bytes[index];
        word ^= crc;
        crc = 0;
        for (int index = 0; index < 8; index++) crc ^= table[7 - index][word >> (8 * index) & 255];
    }
    while (count-- > 0) crc = crc >> 8 ^ table[0][(crc ^ *bytes++) & 255];
    return crc;
}

#if defined(__x86_64__)
// One chain of crc32 instructions waits for itself: three in turns are as fast as the unit. Their states are put together by what so many zero bytes
// make of a state, which is linear (M. Adler's crc32c.c has the idea).
enum { STRIDE = 4096 };
static uint32_t after_stride[4][256], after_two[4][256];
static pthread_once_t shifts_once = PTHREAD_ONCE_INIT;

static uint32_t shifted(const uint32_t shift[4][256], uint32_t state) {
    return shift[0][state & 255] ^ shift[1][state >> 8 & 255] ^ shift[2][state >> 16 & 255] ^ shift[3][state >> 24];
}

static void make_shifts(void) {
    pthread_once(&once, make_table);
    for (int byte = 0; byte < 4; byte++) {
        for (uint32_t value = 0; value < 256; value++) {
            uint32_t state = value << (8 * byte);
            for (int index = 0; index < STRIDE; index++) state = state >> 8 ^ table[0][state & 255];
            after_stride[byte][value] = state;
        }
    }
    for (int byte = 0; byte < 4; byte++)
        for (uint32_t value = 0; value < 256; value++) after_two[byte][value] = shifted(after_stride, after_stride[byte][value]);
}

static uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    return word;
}

__attribute__((target("sse4.2"))) static uint32_t hardware(uint32_t crc, const uint8_t *bytes, size_t count) {
    if (count >= 3 * STRIDE) pthread_once(&shifts_once, make_shifts);
    for (; count >= 3 * STRIDE; count -= 3 * STRIDE, bytes += 3 * STRIDE) {
        uint64_t a = crc, b = 0, c = 0;
        for (int index = 0; index < STRIDE; index += 8) {
            a = __builtin_ia32_crc32di(a, word_at(bytes + index));
            b = __builtin_ia32_crc32di(b, word_at(bytes + STRIDE + index));
            c = __builtin_ia32_crc32di(c, word_at(bytes + 2 * STRIDE + index));
        }
        crc = shifted(after_two, (uint32_t)a) ^ shifted(after_stride, (uint32_t)b) ^ (uint32_t)c;
    }
    uint64_t state = crc;
    for (; count >= 8; count -= 8, bytes += 8) state = __builtin_ia32_crc32di(state, word_at(bytes));
    crc = (uint32_t)state;
    while (count-- > 0) crc = __builtin_ia32_crc32qi(crc, *bytes++);
    return crc;
}
#endif

uint32_t ck_crc32c(uint32_t crc, const void *bytes, size_t count) {
    crc = ~crc;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return ~hardware(crc, bytes, count);
#endif
    return ~portable(crc, bytes, count);
}

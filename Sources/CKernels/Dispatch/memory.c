#define _GNU_SOURCE
#include "CKernels.h"
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const size_t HUGE_PAGE = (size_t)2 << 20;

// Mapped memory starts at a huge page only if one asks for more and gives the ends back.
static void *map_aligned(size_t bytes) {
    size_t padded = bytes + HUGE_PAGE;
    char *start = mmap(NULL, padded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return NULL;
    char *aligned = (char *)(((uintptr_t)start + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
    if (aligned > start) munmap(start, (size_t)(aligned - start));
    size_t tail = (size_t)(start + padded - (aligned + bytes));
    if (tail > 0) munmap(aligned + bytes, tail);
    madvise(aligned, bytes, MADV_HUGEPAGE);
    return aligned;
}

static size_t rounded(size_t bytes) {
    size_t unit = bytes >= HUGE_PAGE ? 4096 : 64;
    return (bytes + unit - 1) / unit * unit;
}

void *ck_allocate(size_t bytes) {
    if (bytes == 0) bytes = 1;
    if (bytes > SIZE_MAX / 2) return NULL;
    size_t size = rounded(bytes);
    if (size >= HUGE_PAGE) return map_aligned(size);
    void *memory = aligned_alloc(64, size);
    if (memory) memset(memory, 0, size);
    return memory;
}

void ck_release(void *memory, size_t bytes) {
    if (!memory) return;
    size_t size = rounded(bytes == 0 ? 1 : bytes);
    if (size >= HUGE_PAGE) munmap(memory, size);
    else free(memory);
}

bool ck_punch_hole(int descriptor, int64_t offset, int64_t length) {
    return length == 0 || fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) == 0;
}

uint64_t ck_read_all(const void *memory, size_t count) {
    const uint64_t *words = memory;
    uint64_t sums[8] = {0};
    for (size_t i = 0; i + 8 <= count / 8; i += 8)
        for (int lane = 0; lane < 8; lane++) sums[lane] += words[i + lane];
    uint64_t sum = 0;
    for (int lane = 0; lane < 8; lane++) sum += sums[lane];
    return sum;
}

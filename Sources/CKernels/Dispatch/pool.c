#define _GNU_SOURCE
#include "dispatch.h"
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SPINS = 2000, MAX_THREADS = 256 };

struct worker {
    pthread_t thread;
    ck_pool *pool;
    int index;
    void *scratch;
    size_t scratch_bytes;
};

// One job at a time. `ticket` has the job's generation in its upper half and the number of indices nobody has taken yet in its
// lower: an index is taken by compare and swap, so a thread that comes late from an earlier job can take nothing of this one by
// mistake, and the fields below are rewritten only when nothing is left to take.
struct ck_pool {
    int threads, level;
    struct worker *workers;
    _Alignas(64) _Atomic uint64_t ticket;
    _Atomic(ck_task) task;
    _Atomic(void *) context;
    _Atomic int64_t count;
    /// Changes with each job; sleeping workers wait on it.
    _Alignas(64) _Atomic uint32_t epoch;
    _Atomic uint32_t sleepers;
    _Atomic bool stopping;
    /// Indices not finished yet; the caller waits for zero.
    _Alignas(64) _Atomic uint32_t remaining;
    _Atomic uint32_t caller_sleeps;
};

int ck_usable_cpus(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value) { syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0); }
static void futex_wake(_Atomic uint32_t *word, int count) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0); }

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/// Takes and runs indices until none is left.
static void work(ck_pool *pool, int worker) {
    uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    while ((uint32_t)ticket != 0) {
        ck_task task = atomic_load_explicit(&pool->task, memory_order_relaxed);
        void *context = atomic_load_explicit(&pool->context, memory_order_relaxed);
        int64_t count = atomic_load_explicit(&pool->count, memory_order_relaxed);
        if (!atomic_compare_exchange_weak_explicit(&pool->ticket, &ticket, ticket - 1, memory_order_acq_rel, memory_order_acquire)) continue;
        task(context, count - (int64_t)(uint32_t)ticket, worker);
        if (atomic_fetch_sub_explicit(&pool->remaining, 1, memory_order_seq_cst) == 1 && atomic_load(&pool->caller_sleeps))
            futex_wake(&pool->remaining, 1);
        ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    }
}

static void *run_worker(void *argument) {
    struct worker *self = argument;
    ck_pool *pool = self->pool;
    uint32_t seen = 0;
    for (;;) {
        uint32_t epoch = atomic_load(&pool->epoch);
        for (int spin = 0; epoch == seen && spin < SPINS; spin++) {
            relax();
            epoch = atomic_load_explicit(&pool->epoch, memory_order_acquire);
        }
        if (epoch == seen) {
            atomic_fetch_add(&pool->sleepers, 1);
            while ((epoch = atomic_load(&pool->epoch)) == seen) futex_wait(&pool->epoch, seen);
            atomic_fetch_sub(&pool->sleepers, 1);
        }
        seen = epoch;
        if (atomic_load(&pool->stopping)) return NULL;
        work(pool, self->index);
    }
}

static void announce(ck_pool *pool) {
    atomic_fetch_add(&pool->epoch, 1);
    if (atomic_load(&pool->sleepers)) futex_wake(&pool->epoch, MAX_THREADS);
}

ck_pool *ck_pool_create(int threads, int level) {
    if (level > ck_level_detected()) return NULL;
    if (level < 0) level = ck_level_detected();
    if (threads < 1) threads = 1;
    if (threads > MAX_THREADS) threads = MAX_THREADS;
    ck_pool *pool = aligned_alloc(64, (sizeof(ck_pool) + 63) / 64 * 64);
    if (!pool) return NULL;
    *pool = (ck_pool){.threads = 1, .level = level};
    pool->workers = calloc((size_t)threads, sizeof(struct worker));
    if (!pool->workers) {
        free(pool);
        return NULL;
    }
    for (int index = 1; index < threads; index++) {
        struct worker *worker = &pool->workers[index];
        worker->pool = pool;
        worker->index = index;
        if (pthread_create(&worker->thread, NULL, run_worker, worker) != 0) {
            ck_pool_destroy(pool);
            return NULL;
        }
        pool->threads = index + 1;
    }
    return pool;
}

void ck_pool_destroy(ck_pool *pool) {
    if (!pool) return;
    atomic_store(&pool->stopping, true);
    announce(pool);
    for (int index = 1; index < pool->threads; index++) pthread_join(pool->workers[index].thread, NULL);
    for (int index = 0; index < pool->threads; index++) ck_release(pool->workers[index].scratch, pool->workers[index].scratch_bytes);
    free(pool->workers);
    free(pool);
}

int ck_pool_threads(const ck_pool *pool) { return pool->threads; }
int ck_pool_level(const ck_pool *pool) { return pool->level; }
const ck_table *ck_pool_table(const ck_pool *pool) { return ck_table_of(pool->level); }

void ck_pool_run(ck_pool *pool, ck_task task, void *context, int64_t count) {
    if (pool->threads == 1 || count <= 1) {
        for (int64_t index = 0; index < count; index++) task(context, index, 0);
        return;
    }
    // Indices are counted in 32 bits: a larger job runs in pieces of its own.
    if (count > INT32_MAX) abort();
    atomic_store_explicit(&pool->task, task, memory_order_relaxed);
    atomic_store_explicit(&pool->context, context, memory_order_relaxed);
    atomic_store_explicit(&pool->count, count, memory_order_relaxed);
    atomic_store_explicit(&pool->remaining, (uint32_t)count, memory_order_relaxed);
    uint64_t generation = (atomic_load_explicit(&pool->ticket, memory_order_relaxed) >> 32) + 1;
    atomic_store_explicit(&pool->ticket, generation << 32 | (uint64_t)count, memory_order_release);
    announce(pool);
    work(pool, 0);
    for (int spin = 0; spin < SPINS; spin++) {
        if (atomic_load_explicit(&pool->remaining, memory_order_acquire) == 0) return;
        relax();
    }
    atomic_store(&pool->caller_sleeps, 1);
    uint32_t left;
    while ((left = atomic_load(&pool->remaining)) != 0) futex_wait(&pool->remaining, left);
    atomic_store(&pool->caller_sleeps, 0);
}

void *ck_pool_scratch(ck_pool *pool, int worker, size_t bytes) {
    struct worker *owner = &pool->workers[worker];
    if (owner->scratch_bytes < bytes) {
        ck_release(owner->scratch, owner->scratch_bytes);
        owner->scratch = ck_allocate(bytes);
        owner->scratch_bytes = owner->scratch ? bytes : 0;
    }
    return owner->scratch;
}

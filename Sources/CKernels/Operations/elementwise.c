#include "../Dispatch/dispatch.h"
#include <math.h>

enum { ROWS_PER_TASK = 8 };

struct rows {
    const ck_table *table;
    const float *x, *weight;
    float *out;
    int64_t size, rows;
    float epsilon;
};

static void norm_task(void *context, int64_t index, int worker) {
    (void)worker;
    const struct rows *r = context;
    for (int64_t row = index * ROWS_PER_TASK; row < r->rows && row < (index + 1) * ROWS_PER_TASK; row++)
        r->table->rms_norm(r->x + row * r->size, r->weight, r->out + row * r->size, r->size, r->epsilon);
}

void ck_rms_norm(ck_pool *pool, const float *x, const float *weight, float *out, int64_t size, int64_t rows, float epsilon) {
    struct rows r = {.table = ck_pool_table(pool), .x = x, .weight = weight, .out = out, .size = size, .rows = rows, .epsilon = epsilon};
    ck_pool_run(pool, norm_task, &r, (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
}

static void silu_task(void *context, int64_t index, int worker) {
    (void)worker;
    const struct rows *r = context;
    for (int64_t row = index * ROWS_PER_TASK; row < r->rows && row < (index + 1) * ROWS_PER_TASK; row++)
        r->table->silu_multiply(r->out + row * r->size, r->x + row * r->size, r->size);
}

void ck_silu_multiply(ck_pool *pool, float *gate, const float *up, int64_t size, int64_t rows) {
    struct rows r = {.table = ck_pool_table(pool), .x = up, .out = gate, .size = size, .rows = rows};
    ck_pool_run(pool, silu_task, &r, (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
}

void ck_rope_table(const int64_t *positions, int64_t rows, int32_t pairs, const float *frequencies, float *cosines, float *sines) {
    for (int64_t row = 0; row < rows; row++) {
        for (int32_t i = 0; i < pairs; i++) {
            // Angles are rounded to f32 as the reference implementation rounds them.
            float angle = (float)positions[row] * frequencies[i];
            cosines[row * pairs + i] = cosf(angle);
            sines[row * pairs + i] = sinf(angle);
        }
    }
}

int64_t ck_argmax(const float *x, int64_t count) {
    int64_t best = 0;
    float top = -INFINITY;
    for (int64_t index = 0; index < count; index++) {
        if (x[index] > top) {
            top = x[index];
            best = index;
        }
    }
    return best;
}

float ck_log_sum_exp(const float *x, int64_t count) { return ck_table_of(ck_level_detected())->log_sum_exp(x, count); }

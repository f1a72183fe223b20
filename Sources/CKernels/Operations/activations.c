#include "../Dispatch/dispatch.h"

// Rows of activations as the fast products take them, each made in one pass with what comes before it.

enum { ROWS_PER_TASK = 4 };

struct conversion {
    const ck_table *table;
    const float *x, *weight;
    /// Of the norm, or the gate that is multiplied; NULL where `x` is converted as it is.
    float *result;
    int64_t rows, columns;
    float epsilon;
    const ck_bytes *bytes;
    uint32_t *pairs;
};

static void conversion_task(void *context, int64_t index, int worker) {
    (void)worker;
    const struct conversion *c = context;
    for (int64_t row = index * ROWS_PER_TASK; row < c->rows && row < (index + 1) * ROWS_PER_TASK; row++) {
        const float *x = c->x + row * c->columns;
        if (c->result) {
            float *result = c->result + row * c->columns;
            if (c->weight) c->table->rms_norm(x, c->weight, result, c->columns, c->epsilon);
            else c->table->silu_multiply(result, x, c->columns);
            x = result;
        }
        if (c->pairs) {
            c->table->to_pairs(x, c->columns, c->pairs + row * ((c->columns + 1) / 2));
        } else {
            const ck_bytes *to = c->bytes;
            c->table->to_bytes(x, c->columns, to->part, to->bytes + row * c->columns * 2, to->scales + row * (c->columns / to->part) * 2);
        }
    }
}

static void convert(ck_pool *pool, struct conversion c) {
    c.table = ck_pool_table(pool);
    ck_pool_run(pool, conversion_task, &c, (c.rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
}

void ck_to_bytes(ck_pool *pool, const float *x, int64_t rows, const ck_bytes *to) {
    convert(pool, (struct conversion){.x = x, .rows = rows, .columns = to->columns, .bytes = to});
}

void ck_rms_norm_to_bytes(ck_pool *pool, const float *x, const float *weight, float *out, int64_t rows, float epsilon, const ck_bytes *to) {
    convert(
        pool, (struct conversion){.x = x, .weight = weight, .result = out, .rows = rows, .columns = to->columns, .epsilon = epsilon, .bytes = to});
}

void ck_silu_multiply_to_bytes(ck_pool *pool, float *gate, const float *up, int64_t rows, const ck_bytes *to) {
    convert(pool, (struct conversion){.x = up, .result = gate, .rows = rows, .columns = to->columns, .bytes = to});
}

void ck_to_pairs(ck_pool *pool, const float *x, int64_t rows, int64_t columns, uint32_t *pairs) {
    convert(pool, (struct conversion){.x = x, .rows = rows, .columns = columns, .pairs = pairs});
}

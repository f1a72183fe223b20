#include "../Dispatch/dispatch.h"

// MARK: Sizes

static int64_t unit_columns(int kind) { return kind == CK_F32 ? 1 : kind == CK_BF16 ? 2 : kind == CK_Q8 ? 4 : 8; }
static int64_t panel_units(int kind, int64_t columns) { return (columns + unit_columns(kind) - 1) / unit_columns(kind); }
static int64_t panel_count(int64_t rows) { return (rows + 15) / 16; }

size_t ck_matrix_data_bytes(int kind, int64_t rows, int64_t columns) { return (size_t)(panel_count(rows) * panel_units(kind, columns) * 64); }

size_t ck_matrix_scale_bytes(int scale_kind, int64_t rows, int64_t columns, int32_t group) {
    return (size_t)(panel_count(rows) * (columns / group) * 32 * (scale_kind == CK_F32 ? 4 : 2));
}

// MARK: Products

struct product {
    const ck_table *table;
    ck_pool *pool;
    const ck_matrix *matrix;
    const float *x;
    float *y;
    int64_t x_stride, y_stride, tokens, panels, panels_per_task;
    bool accumulate;
};

static void product_task(void *context, int64_t index, int worker) {
    const struct product *p = context;
    int64_t first = index * p->panels_per_task, last = first + p->panels_per_task;
    if (last > p->panels) last = p->panels;
    size_t bytes = (size_t)p->table->scratch_panels * (size_t)p->matrix->columns * 64;
    float *scratch = ck_pool_scratch(p->pool, worker, bytes);
    int64_t step = p->tokens;
    // Without memory for a widened panel the packed form serves, a few tokens at a time; the sums are the same.
    if (!scratch) step = 4;
    for (int64_t t = 0; t < p->tokens; t += step) {
        int64_t count = p->tokens - t < step ? p->tokens - t : step;
        p->table->matmul(
            p->matrix, first, last, p->x + t * p->x_stride, p->x_stride, p->y + t * p->y_stride, p->y_stride, count, p->accumulate, scratch);
    }
}

void ck_matmul(
    ck_pool *pool, const ck_matrix *matrix, const float *x, int64_t x_stride, float *y, int64_t y_stride, int64_t tokens, bool accumulate
) {
    if (tokens <= 0) return;
    struct product p = {
        .table = ck_pool_table(pool), .pool = pool, .matrix = matrix, .x = x, .y = y, .x_stride = x_stride, .y_stride = y_stride, .tokens = tokens,
        .panels = panel_count(matrix->rows), .accumulate = accumulate,
    };
    // A few tasks for each thread, so that an interrupted one does not hold up the rest; four panels at least, as the kernels take them.
    int64_t tasks = (int64_t)ck_pool_threads(pool) * 4;
    p.panels_per_task = ((p.panels + tasks - 1) / tasks + 3) / 4 * 4;
    ck_pool_run(pool, product_task, &p, (p.panels + p.panels_per_task - 1) / p.panels_per_task);
}

struct products {
    const ck_table *table;
    const ck_product *products;
    /// Panels times rows that one task has, about.
    int64_t work;
};

/// Few rows cost as much as the panel's way from memory does.
static int64_t panel_cost(const ck_product *p) { return p->rows < 4 ? 4 : p->rows; }

/// Four panels at least, as the kernels take them.
static int64_t panels_of_task(const struct products *all, const ck_product *p) { return (all->work / panel_cost(p) / 4 + 1) * 4; }
static int64_t tasks_of(const struct products *all, const ck_product *p) {
    int64_t each = panels_of_task(all, p);
    return (panel_count(p->matrix->rows) + each - 1) / each;
}

static void products_task(void *context, int64_t index, int worker) {
    (void)worker;
    const struct products *all = context;
    const ck_product *p = all->products;
    while (index >= tasks_of(all, p)) index -= tasks_of(all, p++);
    const ck_matrix *m = p->matrix;
    int64_t each = panels_of_task(all, p), first = index * each, last = first + each;
    if (last > panel_count(m->rows)) last = panel_count(m->rows);
    if (p->pairs) {
        all->table->matmul_pairs(m, first, last, p->pairs, (m->columns + 1) / 2, p->y, p->y_stride, p->rows, p->accumulate);
    } else {
        const ck_bytes *x = p->bytes;
        all->table->matmul_bytes(
            m, first, last, x->bytes, x->columns * 2, x->scales, x->columns / x->part * 2, x->part, p->y, p->y_stride, p->rows, p->accumulate);
    }
}

void ck_multiply(ck_pool *pool, const ck_product *products, int64_t count) {
    struct products all = {.table = ck_pool_table(pool), .products = products};
    for (int64_t index = 0; index < count; index++) all.work += panel_count(products[index].matrix->rows) * panel_cost(&products[index]);
    // A few tasks for each thread, so that an interrupted one does not hold up the rest.
    all.work = all.work / ((int64_t)ck_pool_threads(pool) * 4) + 1;
    int64_t tasks = 0;
    for (int64_t index = 0; index < count; index++) tasks += tasks_of(&all, &products[index]);
    ck_pool_run(pool, products_task, &all, tasks);
}

void ck_matrix_row(const ck_matrix *m, int64_t row, float *out) {
    int64_t per_unit = unit_columns(m->kind), units = panel_units(m->kind, m->columns), lane = row % 16, panel = row / 16;
    const uint32_t *words = (const uint32_t *)((const char *)m->data + panel * units * 64) + lane;
    for (int64_t column = 0; column < m->columns; column++) {
        uint32_t word = words[column / per_unit * 16];
        int64_t j = column % per_unit;
        union { uint32_t bits; float value; } plain, scale, bias;
        if (m->kind == CK_F32 || m->kind == CK_BF16) {
            plain.bits = m->kind == CK_F32 ? word : j == 0 ? word << 16 : word & 0xFFFF0000u;
            out[column] = plain.value;
            continue;
        }
        uint32_t level = m->kind == CK_Q8 ? word >> (8 * j) & 0xFF : word >> (8 * (j & 3) + 4 * (j >> 2)) & 0xF;
        int64_t index = (panel * (m->columns / m->group) + column / m->group) * 32 + lane;
        if (m->scale_kind == CK_F32) {
            scale.bits = ((const uint32_t *)m->scales)[index];
            bias.bits = ((const uint32_t *)m->scales)[index + 16];
        } else {
            scale.bits = (uint32_t)((const uint16_t *)m->scales)[index] << 16;
            bias.bits = (uint32_t)((const uint16_t *)m->scales)[index + 16] << 16;
        }
        out[column] = (float)level * scale.value + bias.value;
    }
}

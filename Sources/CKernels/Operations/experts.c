#include "../Dispatch/dispatch.h"
#include <math.h>
#include <string.h>

enum { ROWS_PER_TASK = 4, PART = 64 };

// MARK: Choice

static bool is_taken(const int32_t *chosen, int64_t count, int64_t index) {
    for (int64_t rank = 0; rank < count; rank++)
        if (chosen[rank] == index) return true;
    return false;
}

/// The best that is not taken; where only NaN is left, the lowest.
static int64_t best(const float *logits, int64_t experts, const int32_t *chosen, int64_t count) {
    int64_t found = -1;
    for (int64_t index = 0; index < experts; index++) {
        if (found >= 0 && !(logits[index] > logits[found] || (isnan(logits[found]) && !isnan(logits[index])))) continue;
        if (!is_taken(chosen, count, index)) found = index;
    }
    return found;
}

void ck_choose_experts(
    const float *logits, int64_t rows, int64_t experts, int64_t per_token, bool normalise, int32_t *chosen, float *weights
) {
    for (int64_t row = 0; row < rows; row++, logits += experts, chosen += per_token, weights += per_token) {
        for (int64_t rank = 0; rank < per_token; rank++) chosen[rank] = (int32_t)best(logits, experts, chosen, rank);
        float top = logits[chosen[0]], sum = 0, chosen_sum = 0;
        for (int64_t index = 0; index < experts; index++) sum += expf(logits[index] - top);
        for (int64_t rank = 0; rank < per_token; rank++) {
            weights[rank] = expf(logits[chosen[rank]] - top) / sum;
            chosen_sum += weights[rank];
        }
        for (int64_t rank = 0; normalise && rank < per_token; rank++) weights[rank] /= chosen_sum;
    }
}

// MARK: Slots

struct moving {
    const float *x, *weights;
    const int64_t *places;
    int64_t rows, per_token, size;
    float *out;
};

static void spread_task(void *context, int64_t index, int worker) {
    (void)worker;
    const struct moving *m = context;
    for (int64_t row = index * ROWS_PER_TASK; row < m->rows && row < (index + 1) * ROWS_PER_TASK; row++)
        for (int64_t rank = 0; rank < m->per_token; rank++)
            memcpy(m->out + m->places[row * m->per_token + rank] * m->size, m->x + row * m->size, (size_t)m->size * sizeof(float));
}

void ck_spread_rows(ck_pool *pool, const float *x, const int64_t *places, int64_t rows, int64_t per_token, int64_t size, float *out) {
    struct moving m = {.x = x, .places = places, .rows = rows, .per_token = per_token, .size = size, .out = out};
    ck_pool_run(pool, spread_task, &m, (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
}

static void mix_row(const struct moving *m, int64_t row) {
    for (int64_t first = 0; first < m->size; first += PART) {
        int64_t count = m->size - first < PART ? m->size - first : PART;
        float sum[PART] = {0};
        for (int64_t rank = 0; rank < m->per_token; rank++) {
            const float *x = m->x + m->places[row * m->per_token + rank] * m->size + first;
            float weight = m->weights[row * m->per_token + rank];
            for (int64_t i = 0; i < count; i++) sum[i] += weight * x[i];
        }
        float *out = m->out + row * m->size + first;
        for (int64_t i = 0; i < count; i++) out[i] += sum[i];
    }
}

static void mix_task(void *context, int64_t index, int worker) {
    (void)worker;
    const struct moving *m = context;
    for (int64_t row = index * ROWS_PER_TASK; row < m->rows && row < (index + 1) * ROWS_PER_TASK; row++) mix_row(m, row);
}

void ck_mix_experts(
    ck_pool *pool, const float *x, const int64_t *places, const float *weights, int64_t rows, int64_t per_token, int64_t size, float *out
) {
    struct moving m = {.x = x, .weights = weights, .places = places, .rows = rows, .per_token = per_token, .size = size, .out = out};
    ck_pool_run(pool, mix_task, &m, (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
}

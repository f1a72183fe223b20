#include "../Dispatch/dispatch.h"
#include <math.h>
#include <string.h>

static int64_t element_bytes(const ck_kv_layout *layout) { return layout->kind == CK_BF16 ? 2 : 4; }
/// Bytes of 16 tokens of one head.
static int64_t panel_bytes(const ck_kv_layout *layout) { return 16 * layout->head_size * element_bytes(layout); }
static int64_t head_bytes(const ck_kv_layout *layout) { return panel_bytes(layout) * (CK_BLOCK_TOKENS / 16); }
/// Keys and values of all heads and layers are so many runs of 256 tokens each.
static int64_t run_count(const ck_kv_layout *layout) { return (int64_t)layout->layers * 2 * layout->heads; }

static size_t run_offset(const ck_kv_layout *layout, int32_t layer, bool values, int32_t head) {
    return (size_t)((((int64_t)layer * 2 + values) * layout->heads + head) * head_bytes(layout));
}

size_t ck_kv_block_bytes(const ck_kv_layout *layout) { return (size_t)(run_count(layout) * head_bytes(layout)); }

static size_t prefix_of_run(const ck_kv_layout *layout, int64_t tokens) { return (size_t)((tokens + 15) / 16 * panel_bytes(layout)); }

size_t ck_kv_prefix_bytes(const ck_kv_layout *layout, int64_t tokens) { return (size_t)run_count(layout) * prefix_of_run(layout, tokens); }

static void copy_runs(const ck_kv_layout *layout, const char *from, size_t from_step, char *to, size_t to_step, int64_t tokens) {
    size_t bytes = prefix_of_run(layout, tokens);
    for (int64_t run = 0; run < run_count(layout); run++) memcpy(to + (size_t)run * to_step, from + (size_t)run * from_step, bytes);
}

void ck_kv_copy_prefix(const ck_kv_layout *layout, const void *from, void *to, int64_t tokens) {
    copy_runs(layout, from, (size_t)head_bytes(layout), to, (size_t)head_bytes(layout), tokens);
}

void ck_kv_gather(const ck_kv_layout *layout, const void *block, void *to, int64_t tokens) {
    copy_runs(layout, block, (size_t)head_bytes(layout), to, prefix_of_run(layout, tokens), tokens);
}

void ck_kv_scatter(const ck_kv_layout *layout, const void *from, void *block, int64_t tokens) {
    copy_runs(layout, from, prefix_of_run(layout, tokens), block, (size_t)head_bytes(layout), tokens);
}

// MARK: Storing

static uint16_t to_bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    // A NaN must stay one when its low half is cut off.
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static void store_key(const ck_kv_layout *layout, char *run, int64_t slot, const float *key) {
    char *panel = run + slot / 16 * panel_bytes(layout);
    int64_t lane = slot % 16;
    for (int32_t i = 0; i < layout->head_size; i++) {
        if (layout->kind == CK_F32) ((float *)panel)[i * 16 + lane] = key[i];
        else ((uint16_t *)panel)[(i / 2 * 16 + lane) * 2 + i % 2] = to_bf16(key[i]);
    }
}

static void store_value(const ck_kv_layout *layout, char *run, int64_t slot, const float *value) {
    for (int32_t i = 0; i < layout->head_size; i++) {
        if (layout->kind == CK_F32) ((float *)run)[slot * layout->head_size + i] = value[i];
        else ((uint16_t *)run)[(slot / 2 * layout->head_size + i) * 2 + slot % 2] = to_bf16(value[i]);
    }
}

/// The halves of a head are the two coordinates of its rotations.
static void rotate(float *head, int32_t size, const float *cosines, const float *sines) {
    int32_t half = size / 2;
    for (int32_t i = 0; i < half; i++) {
        float a = head[i], b = head[i + half];
        head[i] = a * cosines[i] - b * sines[i];
        head[i + half] = b * cosines[i] + a * sines[i];
    }
}

struct storing {
    const ck_table *table;
    const ck_kv_layout *layout;
    int32_t layer, query_heads;
    const ck_span *spans;
    int64_t span_count;
    float *q;
    const float *k, *v, *query_norm, *key_norm, *cosines, *sines;
    float epsilon;
};

enum { ROWS_PER_TASK = 16 };

static void store_row(const struct storing *s, const ck_span *span, int64_t index) {
    const ck_kv_layout *layout = s->layout;
    int32_t size = layout->head_size;
    int64_t row = span->row + index, position = span->start + index;
    const float *cosines = s->cosines + row * (size / 2), *sines = s->sines + row * (size / 2);
    float scale = 1.0f / sqrtf((float)size);
    for (int32_t head = 0; head < s->query_heads; head++) {
        float *query = s->q + (row * s->query_heads + head) * size;
        if (s->query_norm) s->table->rms_norm(query, s->query_norm, query, size, s->epsilon);
        rotate(query, size, cosines, sines);
        for (int32_t i = 0; i < size; i++) query[i] *= scale;
    }
    char *block = span->blocks[position / CK_BLOCK_TOKENS];
    int64_t slot = position % CK_BLOCK_TOKENS;
    float key[size];
    for (int32_t head = 0; head < layout->heads; head++) {
        const float *plain = s->k + (row * layout->heads + head) * size;
        if (s->key_norm) s->table->rms_norm(plain, s->key_norm, key, size, s->epsilon);
        else memcpy(key, plain, (size_t)size * sizeof(float));
        rotate(key, size, cosines, sines);
        store_key(layout, block + run_offset(layout, s->layer, false, head), slot, key);
        store_value(layout, block + run_offset(layout, s->layer, true, head), slot, s->v + (row * layout->heads + head) * size);
    }
}

/// Task `index` has the rows from 16 index on, counted over all spans.
static void storing_task(void *context, int64_t index, int worker) {
    (void)worker;
    const struct storing *s = context;
    int64_t begin = index * ROWS_PER_TASK, end = begin + ROWS_PER_TASK, passed = 0;
    for (int64_t span = 0; span < s->span_count && passed < end; span++) {
        int64_t count = s->spans[span].count;
        int64_t from = begin > passed ? begin - passed : 0, to = end - passed < count ? end - passed : count;
        for (int64_t row = from; row < to; row++) store_row(s, &s->spans[span], row);
        passed += count;
    }
}

void ck_store_keys_values(
    ck_pool *pool, const ck_kv_layout *layout, int32_t layer, const ck_span *spans, int64_t span_count, float *q, const float *k, const float *v,
    int32_t query_heads, const float *query_norm, const float *key_norm, float epsilon, const float *cosines, const float *sines
) {
    struct storing s = {
        .table = ck_pool_table(pool), .layout = layout, .layer = layer, .query_heads = query_heads, .spans = spans, .span_count = span_count, .q = q,
        .k = k, .v = v, .query_norm = query_norm, .key_norm = key_norm, .cosines = cosines, .sines = sines, .epsilon = epsilon,
    };
    int64_t rows = 0;
    for (int64_t span = 0; span < span_count; span++) rows += spans[span].count;
    ck_pool_run(pool, storing_task, &s, (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK);
}

// MARK: Attention

struct attending {
    const ck_table *table;
    ck_pool *pool;
    const ck_kv_layout *layout;
    int32_t layer, query_heads;
    const ck_span *spans;
    int64_t span_count;
    const float *q;
    float *out;
    /// Tokens of one task, and the stride of a row of scores.
    int64_t tokens_per_task, stride;
    bool fast;
};

/// Scores, and queries as bf16.
static size_t attending_bytes(const struct attending *a) {
    return (size_t)(CK_ATTENTION_ROWS * (a->stride + (a->layout->head_size + 1) / 2)) * sizeof(float);
}

static int64_t tasks_of(const struct attending *a, int64_t span) {
    return (a->spans[span].count + a->tokens_per_task - 1) / a->tokens_per_task * a->layout->heads;
}

static void attending_task(void *context, int64_t index, int worker) {
    const struct attending *a = context;
    int64_t number = 0;
    while (index >= tasks_of(a, number)) index -= tasks_of(a, number++);
    const ck_span *span = &a->spans[number];
    int32_t head = (int32_t)(index % a->layout->heads), group = a->query_heads / a->layout->heads, size = a->layout->head_size;
    int64_t first = index / a->layout->heads * a->tokens_per_task, last = first + a->tokens_per_task;
    if (last > span->count) last = span->count;
    float *scores = ck_pool_scratch(a->pool, worker, attending_bytes(a));
    size_t key_offset = run_offset(a->layout, a->layer, false, head), value_offset = run_offset(a->layout, a->layer, true, head);
    const float *q[CK_ATTENTION_ROWS];
    float *out[CK_ATTENTION_ROWS];
    int64_t limits[CK_ATTENTION_ROWS];
    int rows = 0;
    for (int64_t token = first; token < last; token++) {
        for (int32_t member = 0; member < group; member++) {
            int64_t offset = ((span->row + token) * a->query_heads + head * group + member) * size;
            q[rows] = a->q + offset;
            out[rows] = a->out + offset;
            limits[rows] = span->start + token + 1;
            if (++rows < CK_ATTENTION_ROWS && !(token + 1 == last && member + 1 == group)) continue;
            (a->fast ? a->table->attention_pairs : a->table->attention)(
                a->layout, key_offset, value_offset, span->blocks, q, out, limits, rows, scores, a->stride);
            rows = 0;
        }
    }
}

bool ck_attention(
    ck_pool *pool, const ck_kv_layout *layout, int32_t layer, const ck_span *spans, int64_t span_count, const float *q, float *out,
    int32_t query_heads, bool fast
) {
    struct attending a = {
        .table = ck_pool_table(pool), .pool = pool, .layout = layout, .layer = layer, .query_heads = query_heads, .spans = spans,
        .span_count = span_count, .q = q, .out = out, .tokens_per_task = 16,
        .fast = fast && layout->kind == CK_BF16 && ck_pool_table(pool)->attention_pairs != NULL,
    };
    int64_t longest = 0, tasks = 0;
    for (int64_t span = 0; span < span_count; span++) {
        int64_t length = spans[span].start + spans[span].count;
        longest = length > longest ? length : longest;
        tasks += tasks_of(&a, span);
    }
    a.stride = (longest + 15) / 16 * 16 + 16;
    // Memory is asked for before the work is shared out, so that a lack of it is one clean answer.
    for (int worker = 0; worker < ck_pool_threads(pool); worker++)
        if (!ck_pool_scratch(pool, worker, attending_bytes(&a))) return false;
    ck_pool_run(pool, attending_task, &a, tasks);
    return true;
}

// Functions of one row.

static void rms_norm(const float *x, const float *weight, float *out, int64_t size, float epsilon) {
    v16 sum = splat(0);
    int64_t i = 0;
    for (; i + 16 <= size; i += 16) sum = FMA(load(x + i), load(x + i), sum);
    float squares = sum_lanes(sum);
    for (; i < size; i++) squares += x[i] * x[i];
    float inverse = 1.0f / __builtin_sqrtf(squares / (float)size + epsilon);
    for (i = 0; i + 16 <= size; i += 16) store(out + i, load(x + i) * inverse * load(weight + i));
    for (; i < size; i++) out[i] = x[i] * inverse * weight[i];
}

INLINE v16 silu_times(v16 gate, v16 up) { return gate / (exponential(-gate) + 1.0f) * up; }

static void silu_multiply(float *gate, const float *up, int64_t size) {
    int64_t i = 0;
    for (; i + 16 <= size; i += 16) store(gate + i, silu_times(load(gate + i), load(up + i)));
    if (i == size) return;
    v16 g = splat(0), u = splat(0);
    for (int64_t lane = 0; i + lane < size; lane++) {
        g[lane] = gate[i + lane];
        u[lane] = up[i + lane];
    }
    v16 result = silu_times(g, u);
    for (int64_t lane = 0; i + lane < size; lane++) gate[i + lane] = result[lane];
}

static float log_sum_exp(const float *x, int64_t count) {
    v16 best = splat(-INFINITY);
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) best = larger(load(x + i), best);
    float top = max_lanes(best);
    for (int64_t rest = i; rest < count; rest++) top = x[rest] > top ? x[rest] : top;
    if (top == -INFINITY) return top;
    v16 sum = splat(0);
    for (i = 0; i + 16 <= count; i += 16) sum += exponential(load(x + i) - top);
    float total = sum_lanes(sum);
    for (; i < count; i++) total += exponential(splat(x[i] - top))[0];
    return top + logf(total);
}

// Products of a packed matrix. Lanes are rows of W: each output is one sum along k, lowest k first, in every path below.

/// Columns of one 64-byte unit.
INLINE int64_t unit_columns(int kind) { return kind == CK_F32 ? 1 : kind == CK_BF16 ? 2 : kind == CK_Q8 ? 4 : 8; }
INLINE int64_t panel_units(int kind, int64_t columns) { return (columns + unit_columns(kind) - 1) / unit_columns(kind); }

/// Column `j` of a unit as f32.
INLINE v16 unpack(int kind, u16 unit, int j, v16 scale, v16 bias) {
    switch (kind) {
    case CK_F32: return as_float(unit);
    case CK_BF16: return j == 0 ? bf16_low(unit) : bf16_high(unit);
    case CK_Q8: return FMA(from_integers(unit >> (8 * j) & 0xFF), scale, bias);
    default: return FMA(from_integers(unit >> (8 * (j & 3) + 4 * (j >> 2)) & 0xF), scale, bias);
    }
}

INLINE void load_scales(const ck_matrix *m, int64_t panel, int64_t group, v16 *scale, v16 *bias) {
    int64_t index = panel * (m->columns / m->group) + group;
    if (m->scale_kind == CK_F32) {
        const float *p = (const float *)m->scales + index * 32;
        *scale = load(p);
        *bias = load(p + 16);
    } else {
        // Sixteen bf16 are eight 32-bit words: widen them one by one, the compiler makes it a single move with zero extension.
        const uint16_t *p = (const uint16_t *)m->scales + index * 32;
        u16 s, b;
        UNROLL for (int lane = 0; lane < 16; lane++) {
            s[lane] = (uint32_t)p[lane] << 16;
            b[lane] = (uint32_t)p[lane + 16] << 16;
        }
        *scale = as_float(s);
        *bias = as_float(b);
    }
}

INLINE void emit(float *y, int64_t row, int64_t rows, v16 sum, bool accumulate) {
    if (row + 16 <= rows) {
        store(y + row, accumulate ? load(y + row) + sum : sum);
    } else {
        for (int64_t lane = 0; row + lane < rows; lane++) y[row + lane] = accumulate ? y[row + lane] + sum[lane] : sum[lane];
    }
}

/// `P` panels times `T` tokens straight from the packed form.
INLINE void direct(
    const int kind, const int P, const int T, const ck_matrix *m, int64_t panel, const float *x, int64_t xs, float *y, int64_t ys, bool accumulate
) {
    const int64_t per_unit = unit_columns(kind), units = panel_units(kind, m->columns), whole = m->columns / per_unit;
    const bool grouped = kind == CK_Q8 || kind == CK_Q4;
    const int64_t per_group = grouped ? m->group / per_unit : whole;
    const char *data = (const char *)m->data + panel * units * 64;
    // All of them here and none within the loops: what is declared there stays in memory.
    v16 sum[P][T], scale[P], bias[P];
    u16 packed[P];
    UNROLL for (int p = 0; p < P; p++) { UNROLL for (int t = 0; t < T; t++) sum[p][t] = splat(0); }
    for (int64_t begin = 0, group = 0; begin < whole; begin += per_group, group++) {
        UNROLL for (int p = 0; p < P; p++) {
            scale[p] = bias[p] = splat(0);
            if (grouped) load_scales(m, panel + p, group, &scale[p], &bias[p]);
        }
        for (int64_t unit = begin; unit < begin + per_group; unit++) {
            UNROLL for (int p = 0; p < P; p++) packed[p] = load_unit(data + (p * units + unit) * 64);
            UNROLL for (int j = 0; j < per_unit; j++) {
                UNROLL for (int p = 0; p < P; p++) {
                    v16 w = unpack(kind, packed[p], j, scale[p], bias[p]);
                    UNROLL for (int t = 0; t < T; t++) sum[p][t] = FMA(w, splat(x[t * xs + unit * per_unit + j]), sum[p][t]);
                }
            }
        }
    }
    // The last unit of a plain matrix may be half full.
    for (int64_t column = whole * per_unit; column < m->columns; column++) {
        UNROLL for (int p = 0; p < P; p++) {
            v16 w = unpack(kind, load_unit(data + (p * units + whole) * 64), (int)(column - whole * per_unit), splat(0), splat(0));
            UNROLL for (int t = 0; t < T; t++) sum[p][t] = FMA(w, splat(x[t * xs + column]), sum[p][t]);
        }
    }
    UNROLL for (int p = 0; p < P; p++) {
        UNROLL for (int t = 0; t < T; t++) emit(y + t * ys, (panel + p) * 16, m->rows, sum[p][t], accumulate);
    }
}

/// One panel as f32, [column][16 rows].
INLINE void widen_panel_of(const int kind, const ck_matrix *m, int64_t panel, float *out) {
    const int64_t per_unit = unit_columns(kind), units = panel_units(kind, m->columns);
    const bool grouped = kind == CK_Q8 || kind == CK_Q4;
    const char *data = (const char *)m->data + panel * units * 64;
    v16 scale = splat(0), bias = splat(0);
    for (int64_t unit = 0; unit < units; unit++) {
        int64_t column = unit * per_unit;
        if (grouped && column % m->group == 0) load_scales(m, panel, column / m->group, &scale, &bias);
        u16 packed = load_unit(data + unit * 64);
        UNROLL for (int j = 0; j < per_unit; j++)
            if (column + j < m->columns) store(out + (column + j) * 16, unpack(kind, packed, j, scale, bias));
    }
}

static void widen_panel(const ck_matrix *m, int64_t panel, float *out) {
    switch (m->kind) {
    case CK_BF16: widen_panel_of(CK_BF16, m, panel, out); break;
    case CK_Q8: widen_panel_of(CK_Q8, m, panel, out); break;
    case CK_Q4: widen_panel_of(CK_Q4, m, panel, out); break;
    default: widen_panel_of(CK_F32, m, panel, out); break;
    }
}

/// `P` panels of f32, one after the other in `w`, times `T` tokens.
INLINE void tile(
    const int P, const int T, const float *w, const ck_matrix *m, int64_t panel, const float *x, int64_t xs, float *y, int64_t ys, bool accumulate
) {
    const int64_t columns = m->columns;
    v16 sum[P][T];
    UNROLL for (int p = 0; p < P; p++) { UNROLL for (int t = 0; t < T; t++) sum[p][t] = splat(0); }
    for (int64_t k = 0; k < columns; k++) {
        v16 row[P];
        UNROLL for (int p = 0; p < P; p++) row[p] = load(w + (p * columns + k) * 16);
        UNROLL for (int t = 0; t < T; t++) {
            v16 input = splat(x[t * xs + k]);
            UNROLL for (int p = 0; p < P; p++) sum[p][t] = FMA(row[p], input, sum[p][t]);
        }
    }
    UNROLL for (int p = 0; p < P; p++) {
        UNROLL for (int t = 0; t < T; t++) emit(y + t * ys, (panel + p) * 16, m->rows, sum[p][t], accumulate);
    }
}

#define TILES(P)                                                                                                                                     \
    static void tiles_##P(                                                                                                                           \
        const float *w, const ck_matrix *m, int64_t panel, const float *x, int64_t xs, float *y, int64_t ys, int64_t tokens, bool accumulate         \
    ) {                                                                                                                                              \
        int64_t t = 0;                                                                                                                               \
        for (; t + TILE_TOKENS <= tokens; t += TILE_TOKENS) tile(P, TILE_TOKENS, w, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);           \
        for (; t + 4 <= tokens; t += 4) tile(P, 4, w, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);                                         \
        for (; t < tokens; t++) tile(P, 1, w, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);                                                 \
    }
TILES(1)
#if TILE_PANELS == 2
TILES(2)
#endif

#define DIRECT(KIND)                                                                                                                                 \
    static void direct_##KIND(                                                                                                                       \
        const ck_matrix *m, int64_t first, int64_t last, const float *x, int64_t xs, float *y, int64_t ys, int64_t tokens, bool accumulate           \
    ) {                                                                                                                                              \
        int64_t t = 0;                                                                                                                               \
        for (; t + 4 <= tokens; t += 4) {                                                                                                            \
            int64_t panel = first;                                                                                                                   \
            for (; panel + DIRECT_PANELS_4 <= last; panel += DIRECT_PANELS_4)                                                                        \
                direct(KIND, DIRECT_PANELS_4, 4, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);                                              \
            for (; panel < last; panel++) direct(KIND, 1, 4, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);                                  \
        }                                                                                                                                            \
        for (; t + 2 <= tokens; t += 2) {                                                                                                            \
            int64_t panel = first;                                                                                                                   \
            for (; panel + DIRECT_PANELS <= last; panel += DIRECT_PANELS)                                                                            \
                direct(KIND, DIRECT_PANELS, 2, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);                                                \
            for (; panel < last; panel++) direct(KIND, 1, 2, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);                                  \
        }                                                                                                                                            \
        for (; t < tokens; t++) {                                                                                                                    \
            int64_t panel = first;                                                                                                                   \
            for (; panel + DIRECT_PANELS <= last; panel += DIRECT_PANELS)                                                                            \
                direct(KIND, DIRECT_PANELS, 1, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);                                                \
            for (; panel < last; panel++) direct(KIND, 1, 1, m, panel, x + t * xs, xs, y + t * ys, ys, accumulate);                                  \
        }                                                                                                                                            \
    }
DIRECT(CK_F32)
DIRECT(CK_BF16)
DIRECT(CK_Q8)
DIRECT(CK_Q4)

/// From so many tokens on, widening a panel once costs less than unpacking it for every four tokens.
enum { TILE_FROM = 8 };

static void matmul(
    const ck_matrix *m, int64_t first, int64_t last, const float *x, int64_t xs, float *y, int64_t ys, int64_t tokens, bool accumulate, float *scratch
) {
    if (tokens < TILE_FROM) {
        switch (m->kind) {
        case CK_F32: direct_CK_F32(m, first, last, x, xs, y, ys, tokens, accumulate); break;
        case CK_BF16: direct_CK_BF16(m, first, last, x, xs, y, ys, tokens, accumulate); break;
        case CK_Q8: direct_CK_Q8(m, first, last, x, xs, y, ys, tokens, accumulate); break;
        default: direct_CK_Q4(m, first, last, x, xs, y, ys, tokens, accumulate); break;
        }
        return;
    }
    for (int64_t panel = first; panel < last;) {
        int panels = panel + TILE_PANELS <= last ? TILE_PANELS : 1;
        const float *w = scratch;
        if (m->kind == CK_F32) {
            w = (const float *)m->data + panel * m->columns * 16;
        } else {
            for (int p = 0; p < panels; p++) widen_panel(m, panel + p, scratch + p * m->columns * 16);
        }
#if TILE_PANELS == 2
        if (panels == 2) tiles_2(w, m, panel, x, xs, y, ys, tokens, accumulate);
        else
#endif
            tiles_1(w, m, panel, x, xs, y, ys, tokens, accumulate);
        panel += panels;
    }
}

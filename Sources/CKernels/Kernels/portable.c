#include "../Dispatch/dispatch.h"
#include <math.h>
#include <string.h>
#define CK_NAME ck_table_portable
#define CK_HAS_FMA 0
#define TILE_TOKENS 2
#define TILE_PANELS 1
#define DIRECT_PANELS 1
#define DIRECT_PANELS_4 1
#include "variant.h"

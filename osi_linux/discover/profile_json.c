/*
 * profile_json.c: profiles in JSON: QPP's own format, which tools/profile
 * makes, and Volatility 3's ISF, which dwarf2json makes.  See
 * docs/PROFILES.md.
 *
 * A file that is not what its format says is refused as a whole: half a
 * profile would be worse than none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "profile.h"

/* Larger structures, and members further out, there are none. */
#define MAX_OFFSET (1ll << 30)
/*
 * What dwarf2json says of a function's own structure with an array in it
 * whose length the function computes.
 */
#define ISF_NO_SIZE (-1)
/* An array of an array of ... */
#define MAX_DEPTH 16
/* JSON-GLib goes as deep as the file does, on the stack. */
#define MAX_NESTING 64

typedef struct Reader {
    OsiProfile *profile;
    JsonObject *base_types; /* of ISF */
    JsonObject *user_types;
    JsonObject *enums;
    unsigned int pointer_size;
    GError **errp;
    bool failed;
} Reader;

static void G_GNUC_PRINTF(2, 3) fail(Reader *r, const char *format, ...)
{
    va_list args;

    if (r->failed) {
        return;
    }
    r->failed = true;
    va_start(args, format);
    if (r->errp) {
        *r->errp = g_error_new_valist(OSI_PROFILE_ERROR,
                                      OSI_PROFILE_ERROR_INVALID, format,
                                      args);
    }
    va_end(args);
}

/* ---- What JSON-GLib would warn about ------------------------------------- */

static JsonObject *get_object(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node)
                                                : NULL;
}

static const char *get_string(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node) : NULL;
}

static bool node_int(JsonNode *node, int64_t *value)
{
    if (!node || !JSON_NODE_HOLDS_VALUE(node)) {
        return false;
    }
    /* JSON-GLib has signed ones only; larger ones come out negative. */
    *value = json_node_get_int(node);
    return json_node_get_value_type(node) == G_TYPE_INT64;
}

static bool get_int(JsonObject *object, const char *name, int64_t *value)
{
    return object && node_int(json_object_get_member(object, name), value);
}

static bool is_offset(int64_t value)
{
    return value >= 0 && value <= MAX_OFFSET;
}

/* ---- QPP's own ----------------------------------------------------------- */

/* [offset, size], then a struct's name or null, bits, first bit. */
static bool read_place(JsonNode *node, OsiField *field, const char **type)
{
    int64_t v[5] = { 0 };
    JsonArray *array;
    guint n;

    *type = NULL;
    if (!node || !JSON_NODE_HOLDS_ARRAY(node)) {
        return false;
    }
    array = json_node_get_array(node);
    n = json_array_get_length(array);
    if (n < 2 || n > 5) {
        return false;
    }
    for (guint i = 0; i < n; i++) {
        JsonNode *element = json_array_get_element(array, i);

        if (i == 2 && JSON_NODE_HOLDS_VALUE(element) &&
            json_node_get_value_type(element) == G_TYPE_STRING) {
            *type = json_node_get_string(element);
        } else if (!(i == 2 && JSON_NODE_HOLDS_NULL(element)) &&
                   (!node_int(element, &v[i]) || !is_offset(v[i]))) {
            return false;
        }
    }
    *field = (OsiField){ v[0], v[1], v[3], v[4] };
    return v[3] <= 64 && v[4] < 8;
}

static void read_own_members(Reader *r, const char *type, JsonObject *members)
{
    JsonObjectIter iter;
    const char *name, *inner;
    OsiField field;
    JsonNode *node;

    json_object_iter_init(&iter, members);
    while (json_object_iter_next(&iter, &name, &node)) {
        if (!read_place(node, &field, &inner)) {
            fail(r, "what it says of %s.%s is no place", type, name);
            return;
        }
        osi_model_add(r->profile->model, type, name, &field, inner);
    }
}

static void read_own_type(Reader *r, const char *type, JsonObject *object)
{
    JsonObject *members = get_object(object, "members");
    JsonNode *anonymous = json_object_get_member(object, "anonymous");
    int64_t size;

    if (get_int(object, "size", &size) && is_offset(size)) {
        osi_model_set_size(r->profile->model, type, size);
    }
    if (members) {
        read_own_members(r, type, members);
    }
    if (!anonymous || !JSON_NODE_HOLDS_ARRAY(anonymous)) {
        return;
    }
    for (guint i = 0;
         i < json_array_get_length(json_node_get_array(anonymous)); i++) {
        const char *inner;
        OsiField field;

        if (!read_place(json_array_get_element(json_node_get_array(anonymous),
                                               i), &field, &inner) ||
            !inner) {
            fail(r, "what is anonymous in %s has no place", type);
            return;
        }
        osi_model_add(r->profile->model, type, NULL, &field, inner);
    }
}

typedef void (*AddFn)(Reader *r, const char *name, int64_t value);

static void add_enum(Reader *r, const char *name, int64_t value)
{
    osi_model_add_enum(r->profile->model, name, value);
}

static void add_symbol(Reader *r, const char *name, int64_t value)
{
    osi_model_add_symbol(r->profile->model, name, (uint64_t)value);
}

static void read_numbers(Reader *r, JsonObject *object, AddFn add)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    int64_t value;

    if (!object) {
        return;
    }
    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &name, &node)) {
        if (!node_int(node, &value)) {
            fail(r, "the value of %s is no number", name);
            return;
        }
        add(r, name, value);
    }
}

static void read_own(Reader *r, JsonObject *root)
{
    JsonObject *types = get_object(root, "types");
    const char *order = get_string(root, "byte_order");
    int64_t version, pointer_size;
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    if (!get_int(root, "qpp_profile", &version) || version != 1) {
        fail(r, "it is of a version that is not known: only 1 is");
        return;
    }
    if (!types || !get_int(root, "pointer_size", &pointer_size) ||
        (pointer_size != 4 && pointer_size != 8) ||
        (g_strcmp0(order, "little") != 0 && g_strcmp0(order, "big") != 0)) {
        fail(r, "it lacks types, pointer_size or byte_order");
        return;
    }
    r->profile->model = osi_model_new(g_str_equal(order, "big"),
                                      pointer_size);
    r->profile->banner = g_strdup(get_string(root, "banner"));
    r->profile->release = g_strdup(get_string(root, "release"));
    json_object_iter_init(&iter, types);
    while (!r->failed && json_object_iter_next(&iter, &name, &node)) {
        if (!JSON_NODE_HOLDS_OBJECT(node)) {
            fail(r, "what it says of %s is no type", name);
            break;
        }
        read_own_type(r, name, json_node_get_object(node));
    }
    read_numbers(r, get_object(root, "enums"), add_enum);
    read_numbers(r, get_object(root, "symbols"), add_symbol);
}

/* ---- ISF ----------------------------------------------------------------- */

static bool is_struct(const char *kind)
{
    return g_strcmp0(kind, "struct") == 0 || g_strcmp0(kind, "union") == 0 ||
           g_strcmp0(kind, "class") == 0;
}

/* The size of what an ISF type says; 0: it has none. */
static int64_t isf_size(const Reader *r, JsonObject *type)
{
    int64_t n = 1, count, size = 0;

    for (int depth = 0; type && depth < MAX_DEPTH; depth++) {
        const char *kind = get_string(type, "kind");
        const char *name = get_string(type, "name");

        if (g_strcmp0(kind, "array") == 0) {
            if (!get_int(type, "count", &count) || !is_offset(count) ||
                __builtin_mul_overflow(n, count, &n) || !is_offset(n)) {
                return 0;
            }
            type = get_object(type, "subtype");
            continue;
        }
        if (g_strcmp0(kind, "pointer") == 0) {
            size = r->pointer_size;
        } else if (name) {
            JsonObject *table = is_struct(kind) ? r->user_types
                                : g_strcmp0(kind, "enum") == 0
                                    ? r->enums : r->base_types;

            if (!get_int(get_object(table, name), "size", &size)) {
                return 0;
            }
        }
        return is_offset(size) && !__builtin_mul_overflow(n, size, &n) &&
                       is_offset(n) ? n : 0;
    }
    return 0;
}

static void read_isf_field(Reader *r, const char *type, const char *name,
                           JsonObject *object)
{
    JsonObject *what = get_object(object, "type");
    const char *kind = get_string(what, "kind");
    JsonNode *anonymous = json_object_get_member(object, "anonymous");
    OsiField field = { 0 };
    int64_t offset;

    if (!get_int(object, "offset", &offset) || !is_offset(offset) || !what) {
        fail(r, "what it says of %s.%s is no place", type, name);
        return;
    }
    /*
     * Which bit a bit-field begins at depends on the version of DWARF that
     * the file was made from, and is not said: none is better than wrong.
     */
    if (g_strcmp0(kind, "bitfield") == 0) {
        return;
    }
    field.offset = offset;
    field.size = isf_size(r, what);
    if (anonymous && JSON_NODE_HOLDS_VALUE(anonymous) &&
        json_node_get_boolean(anonymous)) {
        name = NULL;
    }
    osi_model_add(r->profile->model, type, name, &field,
                  is_struct(kind) ? get_string(what, "name") : NULL);
}

static void read_isf_type(Reader *r, const char *type, JsonObject *object)
{
    JsonObject *fields = get_object(object, "fields");
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    int64_t size;

    if (!fields || !get_int(object, "size", &size) ||
        (!is_offset(size) && size != ISF_NO_SIZE)) {
        fail(r, "%s lacks a size or fields", type);
        return;
    }
    if (size == ISF_NO_SIZE) {
        return;
    }
    osi_model_set_size(r->profile->model, type, size);
    json_object_iter_init(&iter, fields);
    while (!r->failed && json_object_iter_next(&iter, &name, &node)) {
        if (!JSON_NODE_HOLDS_OBJECT(node)) {
            fail(r, "what it says of %s.%s is no member", type, name);
            break;
        }
        read_isf_field(r, type, name, json_node_get_object(node));
    }
}

static void read_isf_symbols(Reader *r, JsonObject *symbols)
{
    JsonObject *banner = get_object(symbols, "linux_banner");
    const char *text = get_string(banner, "constant_data");
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    int64_t address;

    if (text) {
        gsize len;
        g_autofree guchar *bytes = g_base64_decode(text, &len);

        r->profile->banner = g_strstrip(g_strndup((const char *)bytes, len));
    }
    if (!symbols) {
        return;
    }
    json_object_iter_init(&iter, symbols);
    while (json_object_iter_next(&iter, &name, &node)) {
        /* 0: an address that dwarf2json does not know. */
        if (JSON_NODE_HOLDS_OBJECT(node) &&
            get_int(json_node_get_object(node), "address", &address) &&
            address != 0) {
            add_symbol(r, name, address);
        }
    }
}

static void read_isf_enums(Reader *r)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    if (!r->enums) {
        return;
    }
    json_object_iter_init(&iter, r->enums);
    while (json_object_iter_next(&iter, &name, &node)) {
        if (JSON_NODE_HOLDS_OBJECT(node)) {
            read_numbers(r, get_object(json_node_get_object(node),
                                       "constants"), add_enum);
        }
    }
}

static void read_isf(Reader *r, JsonObject *root)
{
    JsonObject *pointer;
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    int64_t size;

    r->base_types = get_object(root, "base_types");
    r->user_types = get_object(root, "user_types");
    r->enums = get_object(root, "enums");
    pointer = get_object(r->base_types, "pointer");
    if (!r->user_types || !get_int(pointer, "size", &size) ||
        (size != 4 && size != 8)) {
        fail(r, "it lacks user_types, or the pointer's size in base_types");
        return;
    }
    r->pointer_size = size;
    r->profile->model = osi_model_new(
        g_strcmp0(get_string(pointer, "endian"), "big") == 0, size);
    json_object_iter_init(&iter, r->base_types);
    while (json_object_iter_next(&iter, &name, &node)) {
        if (JSON_NODE_HOLDS_OBJECT(node) &&
            get_int(json_node_get_object(node), "size", &size) &&
            is_offset(size)) {
            osi_model_set_size(r->profile->model, name, size);
        }
    }
    json_object_iter_init(&iter, r->user_types);
    while (!r->failed && json_object_iter_next(&iter, &name, &node)) {
        if (!JSON_NODE_HOLDS_OBJECT(node)) {
            fail(r, "what it says of %s is no type", name);
            break;
        }
        read_isf_type(r, name, json_node_get_object(node));
    }
    read_isf_enums(r);
    read_isf_symbols(r, get_object(root, "symbols"));
}

/* Whether arrays and objects are in each other so many times only. */
static bool is_shallow(const char *data, size_t len)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < len && depth <= MAX_NESTING; i++) {
        char c = data[i];

        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return depth <= MAX_NESTING;
}

/* ---- Both ---------------------------------------------------------------- */

GPtrArray *osi_profile_parse_json(const char *data, size_t len,
                                  const char **format, GError **errp)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(OsiProfile) profile = g_new0(OsiProfile, 1);
    g_autoptr(GError) error = NULL;
    Reader r = { .profile = profile, .errp = errp };
    JsonObject *root;
    GPtrArray *profiles;

    if (!is_shallow(data, len)) {
        fail(&r, "JSON: too many things in each other");
        return NULL;
    }
    if (!json_parser_load_from_data(parser, data, len, &error)) {
        fail(&r, "JSON: %s", error->message);
        return NULL;
    }
    root = json_node_get_object(json_parser_get_root(parser));
    if (json_object_has_member(root, "qpp_profile")) {
        *format = "QPP";
        read_own(&r, root);
    } else if (json_object_has_member(root, "user_types")) {
        *format = "ISF";
        read_isf(&r, root);
    } else {
        fail(&r, "it is JSON, but neither a profile of tools/profile nor ISF");
    }
    if (r.failed) {
        return NULL;
    }
    if (profile->banner) {
        g_strstrip(profile->banner);
    }
    profiles = g_ptr_array_new_with_free_func(
        (GDestroyNotify)osi_profile_free);
    g_ptr_array_add(profiles, g_steal_pointer(&profile));
    return profiles;
}

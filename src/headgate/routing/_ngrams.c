/* The compiled twin of `ngrams.py`. What its functions mean stands there, in `features.py` and in
   `Router._in_steps`, and the tests hold both against each other. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum {
    WORDS = 256,
    HALF = WORDS / 2,
    STEM_BITS = 64,
    BITS = 18,
    BUCKETS = 1 << BITS,
    MIDDLE = 128,
    SLOTS = 2 * WORDS, /* more than a text has n-grams of a kind, so that a free one is found */
    SIZES = 64,
    /* what a shape has, in the order of `features.SHAPES` */
    SAID = 1,
    NUMBERS = 6,
    JSON_SCHEMA = NUMBERS,
    DIGITS,
    SHARE,
    LENGTH,
    FIRST_SIGN,
};
static const uint32_t SPREAD = 0x278DDE89;

/* What one table knows of a text. Bucket 0 is never known, so 0 marks a free slot. */
typedef struct {
    const unsigned char *table;
    int known;
    int steps;
    uint32_t seen[SLOTS];
} Sum;

static void add(Sum *sum, uint32_t bucket)
{
    int step = sum->table[bucket];
    if (step == 0) {
        return;
    }
    uint32_t slot = bucket % SLOTS;
    while (sum->seen[slot] != bucket) {
        if (sum->seen[slot] == 0) {
            sum->seen[slot] = bucket;
            sum->known += 1;
            sum->steps += step - MIDDLE;
            return;
        }
        slot = (slot + 1) % SLOTS;
    }
}

/* Writes the buckets of the first and the last words, in their order; returns how many there are
   in all. The last ones go round in the second half until the text ends. */
static Py_ssize_t read_words(const unsigned char *text, Py_ssize_t length,
                             const unsigned char letters[256], uint32_t buckets[WORDS])
{
    uint32_t late[HALF];
    Py_ssize_t count = 0;
    const unsigned char *end = text + length;
    while (text < end) {
        unsigned char letter = letters[*text++];
        if (letter == ' ') {
            continue;
        }
        uint64_t stem = letter;
        int shift = 8;
        while (text < end && (letter = letters[*text++]) != ' ') {
            if (shift < STEM_BITS) {
                stem |= (uint64_t)letter << shift;
                shift += 8;
            }
        }
        uint64_t mixed = ((stem ^ stem >> 29) & UINT32_MAX) * SPREAD;
        uint32_t bucket = (uint32_t)(mixed >> (32 - BITS)) & (BUCKETS - 1);
        if (count < HALF) {
            buckets[count] = bucket;
        } else {
            late[count % HALF] = bucket;
        }
        count++;
    }
    Py_ssize_t last = count < WORDS ? count : WORDS;
    for (Py_ssize_t i = HALF; i < last; i++) {
        buckets[i] = late[(count - last + i) % HALF];
    }
    return count;
}

/* What both tables know of a text, and how many words it has. */
static Py_ssize_t sum_up(const unsigned char *text, Py_ssize_t length,
                         const unsigned char letters[256], Sum *spoken, Sum *paired)
{
    uint32_t buckets[WORDS];
    Py_ssize_t count = read_words(text, length, letters, buckets);
    int looked_at = count < WORDS ? (int)count : WORDS;
    for (int i = 0; spoken->table && i < looked_at; i++) {
        add(spoken, buckets[i]);
    }
    for (int i = 1; paired->table && i < looked_at; i++) {
        /* two words that meet only because of the cut are no pair */
        if (i != HALF || count <= WORDS) {
            add(paired, (buckets[i - 1] * SPREAD + buckets[i]) & (BUCKETS - 1));
        }
    }
    return count;
}

/* What is read of an argument; 0, and an error is set, where it is of another kind. */

static int bytes_in(PyObject *object, const unsigned char **bytes, Py_ssize_t *length)
{
    return PyBytes_AsStringAndSize(object, (char **)bytes, length) == 0;
}

/* A `str` lends its UTF-8: nothing is copied where it is ASCII. */
static int text_in(PyObject *object, const unsigned char **text, Py_ssize_t *length)
{
    if (PyUnicode_Check(object)) {
        *text = (const unsigned char *)PyUnicode_AsUTF8AndSize(object, length);
        return *text != NULL;
    }
    return bytes_in(object, text, length);
}

/* A table has a byte for each bucket, or none, which is NULL here. */
static int table_in(PyObject *object, const unsigned char **table)
{
    Py_ssize_t length;
    if (!bytes_in(object, table, &length)) {
        return 0;
    }
    if (length == 0) {
        *table = NULL;
    } else if (length != BUCKETS) {
        PyErr_SetString(PyExc_ValueError, "a table has a byte for each bucket, or none");
        return 0;
    }
    return 1;
}

static int letters_in(PyObject *object, const unsigned char **letters)
{
    Py_ssize_t length;
    if (!bytes_in(object, letters, &length)) {
        return 0;
    }
    if (length != 256) {
        PyErr_SetString(PyExc_ValueError, "of letters there are 256");
        return 0;
    }
    return 1;
}

static int as_many(const char *function, Py_ssize_t given, Py_ssize_t wanted)
{
    if (given != wanted) {
        PyErr_Format(PyExc_TypeError, "%s takes %zd arguments", function, wanted);
    }
    return given == wanted;
}

static PyObject *sums(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    const unsigned char *text, *letters;
    Py_ssize_t length;
    Sum spoken = {0}, paired = {0};
    if (!as_many("sums", given, 4) || !bytes_in(args[0], &text, &length) ||
        !letters_in(args[1], &letters) || !table_in(args[2], &spoken.table) ||
        !table_in(args[3], &paired.table)) {
        return NULL;
    }
    Py_ssize_t count = sum_up(text, length, letters, &spoken, &paired);
    return Py_BuildValue("niiii", count, spoken.known, spoken.steps, paired.known, paired.steps);
}

static void count_bytes(const unsigned char *text, Py_ssize_t length, uint32_t counts[256])
{
    memset(counts, 0, 256 * sizeof(uint32_t));
    Py_ssize_t i = 0;
    for (; i + 4 <= length; i += 4) { /* a turn of the loop costs as much as a letter */
        counts[text[i]]++;
        counts[text[i + 1]]++;
        counts[text[i + 2]]++;
        counts[text[i + 3]]++;
    }
    for (; i < length; i++) {
        counts[text[i]]++;
    }
}

/* The length in bits of the square of a count: twice its own, or one less. */
static int size_of(uint32_t count)
{
    int bits = 0;
    for (uint32_t rest = count; rest; rest >>= 1) {
        bits += 2;
    }
    return bits - (count && (uint64_t)count * count < UINT64_C(1) << (bits - 1));
}

/* The sum of the weights of a shape; 0 where a number of it has none. */
static int shaped(const unsigned char *text, Py_ssize_t length, const unsigned char *signs,
                  Py_ssize_t kinds, const unsigned char *weights, const long long numbers[NUMBERS],
                  int json_schema, double *sum)
{
    uint32_t counts[256];
    Py_ssize_t digits = 0;
    count_bytes(text, length, counts);
    for (int digit = '0'; digit <= '9'; digit++) {
        digits += counts[digit];
    }
    *sum = 0.0;
    for (Py_ssize_t kind = 0; kind < FIRST_SIGN + kinds; kind++) {
        long long value;
        if (kind == JSON_SCHEMA) {
            value = json_schema;
        } else if (kind == SHARE) {
            value = 16 * digits / (length + 1);
        } else if (kind == LENGTH) {
            value = 2 * length / (numbers[SAID] + 1);
        } else {
            long long count = kind < NUMBERS    ? numbers[kind]
                              : kind == DIGITS ? digits
                                               : counts[signs[kind - FIRST_SIGN]];
            value = count < 0 || count > UINT32_MAX ? SIZES : size_of((uint32_t)count);
        }
        if (value < 0 || value >= SIZES) {
            return 0;
        }
        double weight;
        memcpy(&weight, weights + (kind * SIZES + value) * sizeof(double), sizeof(double));
        *sum += weight;
    }
    return 1;
}

static double part_of(const Sum *sum, double scale)
{
    return sum->known ? sum->steps * scale / sqrt(sum->known) : 0.0;
}

/* What a router knows, from the tuple that `Router` has made of it. */
typedef struct {
    const unsigned char *letters, *signs, *weights;
    Py_ssize_t kinds;
    Sum spoken, paired;
    double spoken_scale, paired_scale;
} Known;

static int known_in(PyObject *tuple, Known *known)
{
    Py_ssize_t length;
    if (!PyTuple_Check(tuple) || PyTuple_Size(tuple) != 7) {
        PyErr_SetString(PyExc_TypeError, "what a router knows is a tuple of seven");
        return 0;
    }
    if (!letters_in(PyTuple_GetItem(tuple, 0), &known->letters) ||
        !table_in(PyTuple_GetItem(tuple, 1), &known->spoken.table) ||
        !table_in(PyTuple_GetItem(tuple, 3), &known->paired.table) ||
        !bytes_in(PyTuple_GetItem(tuple, 5), &known->signs, &known->kinds) ||
        !bytes_in(PyTuple_GetItem(tuple, 6), &known->weights, &length)) {
        return 0;
    }
    if (length != (FIRST_SIGN + known->kinds) * SIZES * (Py_ssize_t)sizeof(double)) {
        PyErr_SetString(PyExc_ValueError, "a shape has 64 weights for each of its numbers");
        return 0;
    }
    known->spoken_scale = PyFloat_AsDouble(PyTuple_GetItem(tuple, 2));
    known->paired_scale = PyFloat_AsDouble(PyTuple_GetItem(tuple, 4));
    return !PyErr_Occurred();
}

static PyObject *weighed(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    const unsigned char *raw, *text;
    Py_ssize_t raw_length, length;
    Known known = {0};
    if (!as_many("weighed", given, 10) || !text_in(args[0], &raw, &raw_length) ||
        !text_in(args[1], &text, &length) || !known_in(args[2], &known)) {
        return NULL;
    }
    double gain = PyFloat_AsDouble(args[3]), shape;
    if (PyErr_Occurred()) {
        return NULL;
    }
    long long numbers[NUMBERS];
    PyObject *const *number = args + 4;
    for (int kind = 0; kind < NUMBERS; kind++) {
        numbers[kind] = kind == SAID ? 0 : PyLong_AsLongLong(*number++);
        if (numbers[kind] == -1 && PyErr_Occurred()) {
            if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
                return NULL;
            }
            PyErr_Clear();
            Py_RETURN_NONE;
        }
    }
    int json_schema = PyObject_IsTrue(*number);
    if (json_schema < 0) {
        return NULL;
    }
    numbers[SAID] = sum_up(text, length, known.letters, &known.spoken, &known.paired);
    if (!shaped(raw, raw_length, known.signs, known.kinds, known.weights, numbers, json_schema,
                &shape)) {
        Py_RETURN_NONE;
    }
    gain += shape;
    return PyFloat_FromDouble(gain + (part_of(&known.spoken, known.spoken_scale) +
                                      part_of(&known.paired, known.paired_scale)));
}

static PyObject *tally(PyObject *module, PyObject *const *args, Py_ssize_t given)
{
    const unsigned char *text, *signs;
    Py_ssize_t length, kinds;
    if (!as_many("tally", given, 2) || !bytes_in(args[0], &text, &length) ||
        !bytes_in(args[1], &signs, &kinds)) {
        return NULL;
    }
    uint32_t counts[256];
    count_bytes(text, length, counts);
    PyObject *tallied = PyTuple_New(kinds);
    for (Py_ssize_t i = 0; tallied && i < kinds; i++) {
        PyObject *count = PyLong_FromUnsignedLong(counts[signs[i]]);
        if (count == NULL) {
            Py_CLEAR(tallied);
        } else {
            PyTuple_SetItem(tallied, i, count);
        }
    }
    return tallied;
}

#define TAKES_SEVERAL(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL
static PyMethodDef methods[] = {
    {"sums", TAKES_SEVERAL(sums), "See `headgate.routing.ngrams.sums_in_python`."},
    {"weighed", TAKES_SEVERAL(weighed), "See `headgate.routing.ngrams.weighed_in_python`."},
    {"tally", TAKES_SEVERAL(tally), "See `headgate.routing.ngrams.tally_in_python`."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_ngrams", .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit__ngrams(void)
{
    return PyModuleDef_Init(&definition);
}

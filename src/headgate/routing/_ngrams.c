/* The compiled twin of `ngrams.py`: the same functions. What they mean stands there and in
   `features.py`, and the tests hold both against each other. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
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

static PyObject *sums(PyObject *module, PyObject *args)
{
    const char *text, *letters, *words, *pairs;
    Py_ssize_t length, letters_length, words_length, pairs_length;
    if (!PyArg_ParseTuple(args, "y#y#y#y#:sums", &text, &length, &letters, &letters_length, &words,
                          &words_length, &pairs, &pairs_length)) {
        return NULL;
    }
    if ((words_length && words_length != BUCKETS) || (pairs_length && pairs_length != BUCKETS) ||
        letters_length != 256) {
        PyErr_SetString(PyExc_ValueError,
                        "a table has a byte for each bucket, or none; of letters there are 256");
        return NULL;
    }
    uint32_t buckets[WORDS];
    Py_ssize_t count = read_words((const unsigned char *)text, length,
                                  (const unsigned char *)letters, buckets);
    int looked_at = count < WORDS ? (int)count : WORDS;
    Sum spoken = {.table = (const unsigned char *)words};
    Sum paired = {.table = (const unsigned char *)pairs};
    for (int i = 0; words_length && i < looked_at; i++) {
        add(&spoken, buckets[i]);
    }
    for (int i = 1; pairs_length && i < looked_at; i++) {
        /* two words that meet only because of the cut are no pair */
        if (i != HALF || count <= WORDS) {
            add(&paired, (buckets[i - 1] * SPREAD + buckets[i]) & (BUCKETS - 1));
        }
    }
    return Py_BuildValue("niiii", count, spoken.known, spoken.steps, paired.known, paired.steps);
}

static void count_bytes(const char *text, Py_ssize_t length, Py_ssize_t counts[256])
{
    memset(counts, 0, 256 * sizeof(Py_ssize_t));
    for (Py_ssize_t i = 0; i < length; i++) {
        counts[(unsigned char)text[i]]++;
    }
}

/* The length in bits of the square of a count below 2^32, and so below 65. */
static int size_of(uint64_t count)
{
    int bits = 0;
    for (uint64_t square = count * count; square; square >>= 1) {
        bits++;
    }
    return bits;
}

static PyObject *shaped(PyObject *module, PyObject *args)
{
    const char *text, *signs, *weights;
    Py_ssize_t length, kinds, weights_length;
    long long numbers[NUMBERS];
    int json_schema;
    if (!PyArg_ParseTuple(args, "y#y#y#LLLLLLp:shaped", &text, &length, &signs, &kinds, &weights,
                          &weights_length, &numbers[0], &numbers[1], &numbers[2], &numbers[3],
                          &numbers[4], &numbers[5], &json_schema)) {
        if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
            PyErr_Clear();
            Py_RETURN_NONE;
        }
        return NULL;
    }
    if (weights_length != (FIRST_SIGN + kinds) * SIZES * (Py_ssize_t)sizeof(double)) {
        PyErr_SetString(PyExc_ValueError, "a shape has 64 weights for each of its numbers");
        return NULL;
    }
    Py_ssize_t counts[256], digits = 0;
    count_bytes(text, length, counts);
    for (int digit = '0'; digit <= '9'; digit++) {
        digits += counts[digit];
    }
    double sum = 0.0;
    for (Py_ssize_t kind = 0; kind < FIRST_SIGN + kinds; kind++) {
        long long value;
        if (kind == JSON_SCHEMA) {
            value = json_schema;
        } else if (kind == SHARE) {
            value = 16 * digits / (length + 1);
        } else if (kind == LENGTH) {
            value = 2 * length / (numbers[1] + 1);
        } else {
            long long count = kind < NUMBERS    ? numbers[kind]
                              : kind == DIGITS ? digits
                                               : counts[(unsigned char)signs[kind - FIRST_SIGN]];
            value = count < 0 || count > UINT32_MAX ? SIZES : size_of((uint64_t)count);
        }
        if (value < 0 || value >= SIZES) {
            Py_RETURN_NONE;
        }
        double weight;
        memcpy(&weight, weights + (kind * SIZES + value) * sizeof(double), sizeof(double));
        sum += weight;
    }
    return PyFloat_FromDouble(sum);
}

static PyObject *tally(PyObject *module, PyObject *args)
{
    const char *text, *signs;
    Py_ssize_t length, kinds;
    if (!PyArg_ParseTuple(args, "y#y#:tally", &text, &length, &signs, &kinds)) {
        return NULL;
    }
    Py_ssize_t counts[256];
    count_bytes(text, length, counts);
    PyObject *tallied = PyTuple_New(kinds);
    for (Py_ssize_t i = 0; tallied && i < kinds; i++) {
        PyObject *count = PyLong_FromSsize_t(counts[(unsigned char)signs[i]]);
        if (count == NULL) {
            Py_CLEAR(tallied);
        } else {
            PyTuple_SetItem(tallied, i, count);
        }
    }
    return tallied;
}

static PyMethodDef methods[] = {
    {"sums", sums, METH_VARARGS, "See `headgate.routing.ngrams.sums_in_python`."},
    {"shaped", shaped, METH_VARARGS, "See `headgate.routing.ngrams.shaped_in_python`."},
    {"tally", tally, METH_VARARGS, "See `headgate.routing.ngrams.tally_in_python`."},
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

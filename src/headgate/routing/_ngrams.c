/* The compiled twin of `ngrams.py`: the same two functions. What they mean stands there, and the
   tests hold both against each other. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

enum {
    WORDS = 256,
    HALF = WORDS / 2,
    STEM_BITS = 64,
    BITS = 18,
    BUCKETS = 1 << BITS,
    MIDDLE = 128,
    SLOTS = 2 * WORDS, /* more than a text has n-grams of a kind, so that a free one is found */
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

static PyObject *tally(PyObject *module, PyObject *args)
{
    const char *text, *signs;
    Py_ssize_t length, kinds;
    if (!PyArg_ParseTuple(args, "y#y#:tally", &text, &length, &signs, &kinds)) {
        return NULL;
    }
    Py_ssize_t counts[256] = {0};
    for (Py_ssize_t i = 0; i < length; i++) {
        counts[(unsigned char)text[i]]++;
    }
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

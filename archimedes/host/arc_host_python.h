/* Calls of generated functions straight from CPython, for the host library only; no header of Python or NumPy is needed.
 *
 * What is relied on, all of it promised by its makers to stay as it is:
 *
 * - CPython's stable ABI: the functions below, PyMethodDef with METH_FASTCALL | METH_KEYWORDS (CPython's methodobject.h),
 *   and that an object starts with its reference count and its type, a machine word each (object.h; not so in a
 *   free-threaded build, and with further words in front in a build that traces references).
 * - NumPy's array structure: what follows those two words in an ndarray (PyArrayObject_fields in ndarraytypes.h), and
 *   the bits of its flags. Extensions compiled against any NumPy access it through macros, so it cannot change.
 *
 * python_entry.py checks both before the first call and leaves `arc_host_python` empty where one does not hold.
 */
#ifndef ARC_HOST_PYTHON_H
#define ARC_HOST_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What cffi reads begins here: python_entry.py hands it everything down to the end, so no preprocessor lines. */

/* Element types. */
enum {
  ARC_HOST_DOUBLE,
  ARC_HOST_FLOAT,
  ARC_HOST_INT32,
  ARC_HOST_INT64,
  ARC_HOST_UINT8,
  ARC_HOST_BOOL
};

/* Elements of the tuple that is `self` of an entry point; then, for each array to make, the arguments of numpy.empty. */
enum {
  ARC_HOST_OTHERWISE, /* called with the arguments as given where the generated function does not take them */
  ARC_HOST_FAILED, /* called with a status other than 0 */
  ARC_HOST_EMPTY, /* numpy.empty */
  ARC_HOST_NO_INDEX, /* the empty tuple */
  ARC_HOST_LIBRARY, /* kept open by being here */
  ARC_HOST_FIRST_ARRAY
};

/* Any Python object. */
typedef struct arc_host_object arc_host_object;

/* What the entry points call and compare with; the functions have their names in CPython. */
typedef struct {
  void *(*PyEval_SaveThread)(void);
  void (*PyEval_RestoreThread)(void *thread);
  arc_host_object *(*PyErr_Occurred)(void);
  void (*PyErr_Clear)(void);
  arc_host_object *(*PyObject_Call)(arc_host_object *callable, arc_host_object *arguments, arc_host_object *keywords);
  arc_host_object *(*PyObject_Vectorcall)(
      arc_host_object *callable, arc_host_object *const *arguments, size_t count, arc_host_object *keywords);
  arc_host_object *(*PyObject_GetItem)(arc_host_object *object, arc_host_object *key);
  int (*PyObject_IsTrue)(arc_host_object *object);
  double (*PyFloat_AsDouble)(arc_host_object *object);
  long long (*PyLong_AsLongLongAndOverflow)(arc_host_object *object, int *overflow);
  arc_host_object *(*PyLong_FromLong)(long value);
  arc_host_object *(*PyTuple_New)(intptr_t count);
  arc_host_object *(*PyTuple_GetItem)(arc_host_object *tuple, intptr_t index);
  int (*PyTuple_SetItem)(arc_host_object *tuple, intptr_t index, arc_host_object *item);
  void (*Py_DecRef)(arc_host_object *object);
  /* numpy.ndarray, and by element type: NumPy's dtype object, its scalar type and Python's. */
  void *ndarray;
  void *dtypes[6];
  void *numpy_scalars[6];
  void *python_scalars[6];
} arc_host_interpreter;

extern arc_host_interpreter arc_host_python;

/* CPython's PyMethodDef: what a built-in function is made from. */
typedef struct {
  const char *name;
  arc_host_object *(*entry)(
      arc_host_object *self, arc_host_object *const *arguments, intptr_t count, arc_host_object *keywords);
  int flags;
  const char *doc;
} arc_host_method;

/* For each function of the library, in the order of its manifest. */
extern arc_host_method arc_host_methods[];

/* Type, address of the elements, rank, dtype and flags of the ndarray at that address, as the entry points read them. */
void arc_host_read_array(uintptr_t array, uintptr_t words[5]);

/* Its shape, then its strides: for arrays for which the words above were found right. */
void arc_host_read_shape(uintptr_t array, intptr_t rank, intptr_t *shape_and_strides);

/* What cffi reads ends here. */

enum {
  ARC_HOST_IN,
  ARC_HOST_OUT,
  ARC_HOST_INOUT,
  ARC_HOST_WORK
};

/* A parameter of a generated function; inputs of rank 0 are Python or NumPy scalars. */
typedef struct {
  int direction;
  int element;
  int rank;
  const intptr_t *shape;
  size_t bytes;
} arc_host_parameter;

/* What a parameter is in one call: where it is, and the array or the number that is there. */
typedef struct {
  void *at;
  arc_host_object *array;
  union {
    double as_double;
    float as_float;
    int32_t as_int32;
    int64_t as_int64;
    uint8_t as_uint8;
    bool as_bool;
  } number;
} arc_host_slot;

/* A generated function: its parameters, and a call of it with them. The result is its status, 0 if it has none. */
typedef struct {
  const arc_host_parameter *parameters;
  int count;
  int inputs;
  int outputs;
  int (*run)(const arc_host_slot *slots);
} arc_host_function;

/* METH_FASTCALL | METH_KEYWORDS: arguments as a C array, those given by name behind it. */
#define ARC_HOST_CALL_FLAGS (0x0080 | 0x0002)

/* A call from Python; the slots are memory for it, one for each parameter. */
arc_host_object *arc_host_call(const arc_host_function *function, arc_host_slot *slots, arc_host_object *self,
    arc_host_object *const *arguments, intptr_t count, arc_host_object *keywords);

#endif

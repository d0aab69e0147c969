/* See arc_host_python.h. The interpreter lock is held but for the generated function itself. */
#include "arc_host_python.h"

#include <string.h>

arc_host_interpreter arc_host_python;

/* The first words of every object. */
typedef struct {
  intptr_t references;
  const void *type;
} object_head;

/* An ndarray, from its start to the last member that is read. */
typedef struct {
  object_head head;
  void *elements;
  int rank;
  const intptr_t *shape;
  const intptr_t *strides;
  const void *base;
  const void *dtype;
  int flags;
} array_object;

/* Bits of the flags. */
enum {
  C_CONTIGUOUS = 0x0001,
  ALIGNED = 0x0100,
  WRITEABLE = 0x0400
};

static const void *type_of(const arc_host_object *object) {
  object_head head;
  memcpy(&head, object, sizeof head);
  return head.type;
}

/* Address of the elements if the object is exactly such an array, else NULL. */
static void *elements_of(const arc_host_object *object, const arc_host_parameter *parameter, int flags) {
  array_object array;
  if (type_of(object) != arc_host_python.ndarray) {
    return NULL;
  }
  memcpy(&array, object, sizeof array);
  if (array.dtype != arc_host_python.dtypes[parameter->element] || array.rank != parameter->rank ||
      (array.flags & flags) != flags) {
    return NULL;
  }
  for (int axis = 0; axis < parameter->rank; ++axis) {
    if (array.shape[axis] != parameter->shape[axis]) {
      return NULL;
    }
  }
  return array.elements;
}

/* After a conversion that may have failed: forgets the error, which the slow way raises again. */
static bool converted(bool suspicious) {
  if (suspicious && arc_host_python.PyErr_Occurred() != NULL) {
    arc_host_python.PyErr_Clear();
    return false;
  }
  return true;
}

static bool take_integer(arc_host_slot *slot, int element, arc_host_object *object) {
  int overflow = 0;
  const long long value = arc_host_python.PyLong_AsLongLongAndOverflow(object, &overflow);
  if (overflow != 0 || !converted(value == -1)) {
    return false;
  }
  if (element == ARC_HOST_INT64) {
    slot->number.as_int64 = value;
    return true;
  }
  if (element == ARC_HOST_INT32) {
    slot->number.as_int32 = (int32_t)value;
    return value >= INT32_MIN && value <= INT32_MAX;
  }
  slot->number.as_uint8 = (uint8_t)value;
  return value >= 0 && value <= UINT8_MAX;
}

/* The number of a scalar of exactly the Python or NumPy type; false for anything else, and for what does not fit. */
static bool take_scalar(arc_host_slot *slot, int element, arc_host_object *object) {
  const void *type = type_of(object);
  if (type != arc_host_python.python_scalars[element] && type != arc_host_python.numpy_scalars[element]) {
    return false;
  }
  slot->at = &slot->number;
  if (element == ARC_HOST_BOOL) {
    const int truth = arc_host_python.PyObject_IsTrue(object);
    slot->number.as_bool = truth == 1;
    return converted(truth == -1);
  }
  if (element == ARC_HOST_DOUBLE || element == ARC_HOST_FLOAT) {
    const double value = arc_host_python.PyFloat_AsDouble(object);
    if (element == ARC_HOST_DOUBLE) {
      slot->number.as_double = value;
    } else {
      slot->number.as_float = (float)value;
    }
    return converted(value == -1.0);
  }
  return take_integer(slot, element, object);
}

/* Whether the arguments are what the function takes. Numbers are taken; where arrays are is read by `place_inputs`. */
static bool accept_inputs(const arc_host_function *function, arc_host_slot *slots, arc_host_object *const *arguments) {
  for (int i = 0; i < function->count; ++i) {
    const arc_host_parameter *parameter = &function->parameters[i];
    bool accepted = true;
    if (parameter->direction == ARC_HOST_IN || parameter->direction == ARC_HOST_INOUT) {
      accepted = parameter->rank == 0 ? take_scalar(&slots[i], parameter->element, *arguments)
                                      : elements_of(*arguments, parameter, C_CONTIGUOUS | ALIGNED) != NULL;
      ++arguments;
    }
    if (!accepted) {
      return false;
    }
  }
  return true;
}

/* Make an array for each result and each workspace; false with an error of Python's if there is no memory. */
static bool make_arrays(const arc_host_function *function, arc_host_slot *slots, arc_host_object *self) {
  arc_host_object *empty = arc_host_python.PyTuple_GetItem(self, ARC_HOST_EMPTY);
  intptr_t next = ARC_HOST_FIRST_ARRAY;
  for (int i = 0; i < function->count; ++i) {
    slots[i].array = NULL;
  }
  for (int i = 0; i < function->count; ++i) {
    if (function->parameters[i].direction != ARC_HOST_IN) {
      arc_host_object *arguments = arc_host_python.PyTuple_GetItem(self, next++);
      slots[i].array = arc_host_python.PyObject_Call(empty, arguments, NULL);
      if (slots[i].array == NULL) {
        return false;
      }
    }
  }
  return true;
}

/* Find out where all arrays are, and bring what is updated in place to its result. Nothing of Python's runs between
 * this and the call; making the arrays may have run a finalizer, and with it anything. */
static bool place_arrays(const arc_host_function *function, arc_host_slot *slots, arc_host_object *const *arguments) {
  for (int i = 0; i < function->count; ++i) {
    const arc_host_parameter *parameter = &function->parameters[i];
    const bool read = parameter->direction == ARC_HOST_IN || parameter->direction == ARC_HOST_INOUT;
    arc_host_object *argument = read ? *arguments++ : NULL;
    if (read && parameter->rank != 0) {
      slots[i].at = elements_of(argument, parameter, C_CONTIGUOUS | ALIGNED);
      if (slots[i].at == NULL) {
        return false;
      }
    }
    if (slots[i].array != NULL) {
      void *made = elements_of(slots[i].array, parameter, C_CONTIGUOUS | ALIGNED | WRITEABLE);
      if (made == NULL) {
        return false;
      }
      if (read) {
        memcpy(made, slots[i].at, parameter->bytes);
      }
      slots[i].at = made;
    }
  }
  return true;
}

static void release_arrays(const arc_host_function *function, arc_host_slot *slots) {
  for (int i = 0; i < function->count; ++i) {
    if (slots[i].array != NULL) {
      arc_host_python.Py_DecRef(slots[i].array);
      slots[i].array = NULL;
    }
  }
}

/* What Python gets of a result: the array, or the NumPy scalar that is in an array of rank 0. */
static arc_host_object *take_result(const arc_host_parameter *parameter, arc_host_slot *slot, arc_host_object *self) {
  arc_host_object *array = slot->array;
  if (parameter->rank == 0) {
    return arc_host_python.PyObject_GetItem(array, arc_host_python.PyTuple_GetItem(self, ARC_HOST_NO_INDEX));
  }
  slot->array = NULL;
  return array;
}

/* The only result, or a tuple of the results; NULL with an error of Python's if there is no memory. */
static arc_host_object *take_results(const arc_host_function *function, arc_host_slot *slots, arc_host_object *self) {
  arc_host_object *results = function->outputs == 1 ? NULL : arc_host_python.PyTuple_New(function->outputs);
  intptr_t next = 0;
  if (function->outputs != 1 && results == NULL) {
    return NULL;
  }
  for (int i = 0; i < function->count; ++i) {
    const arc_host_parameter *parameter = &function->parameters[i];
    if (parameter->direction == ARC_HOST_OUT || parameter->direction == ARC_HOST_INOUT) {
      arc_host_object *result = take_result(parameter, &slots[i], self);
      if (function->outputs == 1) {
        return result;
      }
      if (result == NULL) {
        arc_host_python.Py_DecRef(results);
        return NULL;
      }
      arc_host_python.PyTuple_SetItem(results, next++, result);
    }
  }
  return results;
}

static arc_host_object *report_status(arc_host_object *self, int status) {
  arc_host_object *number = arc_host_python.PyLong_FromLong(status);
  arc_host_object *answer = NULL;
  if (number != NULL) {
    arc_host_object *failed = arc_host_python.PyTuple_GetItem(self, ARC_HOST_FAILED);
    answer = arc_host_python.PyObject_Vectorcall(failed, &number, 1, NULL);
    arc_host_python.Py_DecRef(number);
  }
  return answer;
}

static arc_host_object *call_otherwise(
    arc_host_object *self, arc_host_object *const *arguments, intptr_t count, arc_host_object *keywords) {
  arc_host_object *otherwise = arc_host_python.PyTuple_GetItem(self, ARC_HOST_OTHERWISE);
  return arc_host_python.PyObject_Vectorcall(otherwise, arguments, (size_t)count, keywords);
}

arc_host_object *arc_host_call(const arc_host_function *function, arc_host_slot *slots, arc_host_object *self,
    arc_host_object *const *arguments, intptr_t count, arc_host_object *keywords) {
  arc_host_object *answer = NULL;
  if (count != function->inputs || keywords != NULL || !accept_inputs(function, slots, arguments)) {
    return call_otherwise(self, arguments, count, keywords);
  }
  if (make_arrays(function, slots, self)) {
    if (place_arrays(function, slots, arguments)) {
      void *thread = arc_host_python.PyEval_SaveThread();
      const int status = function->run(slots);
      arc_host_python.PyEval_RestoreThread(thread);
      answer = status == 0 ? take_results(function, slots, self) : report_status(self, status);
    } else {
      answer = call_otherwise(self, arguments, count, keywords);
    }
  }
  release_arrays(function, slots);
  return answer;
}

void arc_host_read_array(uintptr_t array, uintptr_t words[5]) {
  array_object read;
  memcpy(&read, (const void *)array, sizeof read);
  words[0] = (uintptr_t)read.head.type;
  words[1] = (uintptr_t)read.elements;
  words[2] = (uintptr_t)read.rank;
  words[3] = (uintptr_t)read.dtype;
  words[4] = (uintptr_t)read.flags;
}

void arc_host_read_shape(uintptr_t array, intptr_t rank, intptr_t *shape_and_strides) {
  array_object read;
  memcpy(&read, (const void *)array, sizeof read);
  for (intptr_t axis = 0; axis < rank; ++axis) {
    shape_and_strides[axis] = read.shape[axis];
    shape_and_strides[rank + axis] = read.strides[axis];
  }
}

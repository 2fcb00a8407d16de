/** OpenVINO's C API as Java objects: a library, compiled models, infer requests. */
@org.jspecify.annotations.NullMarked
package dev.example.openvino.ffi;

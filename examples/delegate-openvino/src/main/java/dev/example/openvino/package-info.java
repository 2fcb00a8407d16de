/** A delegate that runs subgraphs and payloads on OpenVINO. */
@org.jspecify.annotations.NullMarked
package dev.example.openvino;

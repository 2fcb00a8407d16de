/** Nodes of a graph as layers of OpenVINO's IR: which are taken, and what they become. */
@org.jspecify.annotations.NullMarked
package dev.example.openvino.ir;

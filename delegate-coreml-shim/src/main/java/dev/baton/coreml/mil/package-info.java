/** The program of a model, as the protobuf messages of its file say it. */
package dev.baton.coreml.mil;

/**
 * A method of a program as a functional graph: {@linkplain dev.baton.graph.Node nodes} that apply
 * {@linkplain dev.baton.graph.Operator operators} of one vocabulary (core ATen names) to
 * {@linkplain dev.baton.graph.Value values}. Every type here is immutable and may be shared between
 * threads, {@link dev.baton.graph.GraphBuilder} excepted.
 */
package dev.baton.graph;

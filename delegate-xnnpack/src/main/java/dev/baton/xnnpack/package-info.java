/** The XNNPACK delegate: what it claims, how it compiles subgraphs, and how it runs them. */
package dev.baton.xnnpack;

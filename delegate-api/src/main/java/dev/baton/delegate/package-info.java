/**
 * What a vendor implements. A {@link dev.baton.delegate.Delegate}, found by {@link
 * java.util.ServiceLoader}, says whether its hardware is here, opens a session, claims nodes of a
 * graph (or declines with a typed reason), compiles the subgraphs that the host forms, and runs
 * them. A {@link dev.baton.delegate.PayloadLifter} opens payloads that describe themselves, without
 * any hardware.
 *
 * <p>Names map to ExecuTorch's: {@code is_available} is {@code availability}, {@code init} is
 * {@code compile} or {@code load}, {@code execute} is {@code run}, {@code destroy} is {@code
 * close}, a partitioner is {@code claim}.
 *
 * <p>What the host gives to a delegate are interfaces, which may gain default methods; what a
 * delegate gives to the host is made by static factories. So an old delegate's jar keeps working.
 */
package dev.baton.delegate;

/** What ExecuTorch's exporter keeps of an export, ETRecord: read. */
package dev.baton.devtools.etrecord;

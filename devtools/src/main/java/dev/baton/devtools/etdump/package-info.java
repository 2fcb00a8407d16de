/** ExecuTorch's recordings of runs, ETDump: written, read, and made of profiles. */
package dev.baton.devtools.etdump;

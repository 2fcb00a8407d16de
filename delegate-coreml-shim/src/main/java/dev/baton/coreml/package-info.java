/** Says on which systems Core ML is, and what of it this version can use: nothing yet. */
package dev.baton.coreml;

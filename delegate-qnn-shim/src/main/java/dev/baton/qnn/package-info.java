/** Finds Qualcomm's libraries and says what of them this version can use: nothing yet. */
package dev.baton.qnn;

/** Prepended to the page's scripts: globals of Node that browsers lack. */
export { Buffer } from "buffer/";

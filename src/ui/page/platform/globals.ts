/** Put in front of the page's scripts: what Node has and browsers have not. */
export { Buffer } from "buffer/";

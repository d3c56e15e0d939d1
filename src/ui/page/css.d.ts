declare module "*.css";
declare const KREEL_VERSION: string;

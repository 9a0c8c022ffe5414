/** Microsoft's own public client for Graph command lines: for tenants where no app is registered yet. */
export const GRAPH_COMMAND_LINE_CLIENT = '14d82eec-204b-4c2f-b7e8-296a70dab67e'

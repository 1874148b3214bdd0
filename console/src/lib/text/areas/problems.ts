import type { Message } from '../message.ts';

/** Problems of the API that people meet, by their code: what happened and what to do. */
export const problems = {
  'problems.unauthorized': {
    en: 'Neither signed in nor a valid API key. Sign in again.',
    zh: '登录已失效。请重新登录。',
  },
  'problems.forbidden': {
    en: 'Your role does not allow this. Ask an owner or an admin.',
    zh: '当前角色没有此权限。请联系所有者或管理员。',
  },
  'problems.cross_site': {
    en: 'The request seems to come from another site. Behind a proxy, pass Host on or set public_url.',
    zh: '请求疑似来自其他网站。若使用了代理，请转发 Host 或设置 public_url。',
  },
  'problems.wrong_credentials': { en: 'The e-mail or the password is wrong.', zh: '邮箱或密码错误。' },
  'problems.wrong_password': { en: 'The current password is wrong.', zh: '当前密码错误。' },
  'problems.too_many_attempts': {
    en: 'There were too many wrong passwords. Wait a moment.',
    zh: '密码错误次数过多。请稍后再试。',
  },
  'problems.sign_in_busy': {
    en: 'Too many passwords are being checked. Try again in a few seconds.',
    zh: '登录请求过多。请几秒后重试。',
  },
  'problems.already_set_up': {
    en: 'The server has its first administrator. Sign in, or ask for an invitation.',
    zh: '此服务器已完成设置。请登录，或向管理员索取邀请。',
  },
  'problems.link_invalid': {
    en: 'The link does not work any more. Ask for a new one.',
    zh: '链接已失效。请索取新的链接。',
  },
  'problems.member_not_found': { en: 'There is no such member.', zh: '没有此成员。' },
  'problems.member_exists': {
    en: 'There is a member with this e-mail. Change their role instead, or use another e-mail.',
    zh: '此邮箱已有成员。请修改其角色，或使用其他邮箱。',
  },
  'problems.last_owner': {
    en: 'The last owner stays. Make somebody else an owner first.',
    zh: '必须保留至少一位所有者。请先将其他成员设为所有者。',
  },
  'problems.owners_only': { en: 'Only an owner can do this.', zh: '只有所有者可以执行此操作。' },
  'problems.sign_in_not_found': { en: 'There is no such session of yours.', zh: '没有此登录会话。' },
  'problems.invitation_not_found': { en: 'There is no such open invitation.', zh: '没有此待接受的邀请。' },
  'problems.invalid_value': { en: 'A value cannot be used.', zh: '有一项填写无效。' },
  'problems.application_not_found': { en: 'There is no such application.', zh: '没有此应用。' },
  'problems.token_not_found': { en: 'There is no such live client token.', zh: '没有此有效令牌。' },
  'problems.api_key_not_found': { en: 'There is no such API key.', zh: '没有此 API 密钥。' },
  'problems.application_exists': {
    en: 'The application id is taken. Choose another one.',
    zh: '此 app_id 已被使用。请换一个。',
  },
  'problems.app_id_reserved': {
    en: 'The application id belongs to a renamed application. Choose another one.',
    zh: '此 app_id 属于一个已改名的应用。请换一个。',
  },
  'problems.app_id_deleted': {
    en: 'The application id was deleted. Choose another one.',
    zh: '此 app_id 已被删除，不可再用。请换一个。',
  },
  'problems.api_key_of_environment': {
    en: 'The API key is given by the server’s settings.',
    zh: '此密钥来自服务器配置，无法在此修改。',
  },
  'problems.limit_reached': {
    en: 'There can be no more of these. Delete what is no longer used.',
    zh: '数量已达上限。请删除不再使用的条目。',
  },
  'problems.search_syntax': { en: 'The search cannot be read.', zh: '无法解析筛选条件。' },
  'problems.unknown_column': { en: 'There is no such field.', zh: '没有此字段。' },
  'problems.event_not_found': {
    en: 'There is no such event; what is older than the retention is gone.',
    zh: '没有此记录。超过保留期限的数据已被删除。',
  },
  'problems.query_memory': {
    en: 'The query needs too much memory. Give a shorter time range.',
    zh: '查询占用内存过多。请缩短时间范围。',
  },
  'problems.query_timeout': {
    en: 'The query took too long. Give a shorter time range or a more selective filter.',
    zh: '查询超时。请缩短时间范围或增加筛选条件。',
  },
  'problems.query_too_busy': {
    en: 'Too many queries run at once. Try again in a few seconds.',
    zh: '查询过多，服务器繁忙。请几秒后重试。',
  },
  'problems.query_failed': { en: 'The query failed. Try again.', zh: '查询失败。请重试。' },
  'problems.not_ready': { en: 'The server is still starting.', zh: '服务器仍在启动。' },
  'problems.disk_full': { en: 'The server’s disk is full. Nothing was changed.', zh: '服务器磁盘已满，未做任何更改。' },
  'problems.internal': {
    en: 'The server made a mistake. Its log has more under the request id.',
    zh: '服务器内部错误。请凭请求 ID 查看服务器日志。',
  },
} as const satisfies Record<`problems.${string}`, Message>;

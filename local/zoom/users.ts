/** A user as `GET /v2/users/me` returns it. https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId} */
export interface ZoomUser {
  id: string;
  account_id: string;
  email: string;
  first_name: string;
  last_name: string;
  display_name: string;
  type: number;
  status: 'active';
}

const LICENSED = 2;

function user(id: string, accountId: string, firstName: string, lastName: string): ZoomUser {
  return {
    id,
    account_id: accountId,
    email: `${firstName}.${lastName}@example.com`.toLowerCase(),
    first_name: firstName,
    last_name: lastName,
    display_name: `${firstName} ${lastName}`,
    type: LICENSED,
    status: 'active',
  };
}

/** The fictitious users that the consent page offers. */
export const users: readonly ZoomUser[] = [
  user('AdaLovelace-1815-Q2vZg', 'AnalyticalEngine-8kTnA', 'Ada', 'Lovelace'),
  user('GraceHopper-1906-b7YwA', 'HarvardMarkOne-3mRqPwA', 'Grace', 'Hopper'),
  user('KatherineJohnson-1918Q', 'OrbitalMechanics-5hLxQ', 'Katherine', 'Johnson'),
];

/** Returns the user that `me` means for a Server-to-Server token. */
export function accountOwner(accountId: string): ZoomUser {
  return user('DorothyVaughan-1910-wA', accountId, 'Dorothy', 'Vaughan');
}
